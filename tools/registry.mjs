// A package registry on loopback, for the time of a test. It has only the packages that the test publishes. All its files are in a
// folder of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodes, toolbox } from "./toolbox.mjs";

const START_LIMIT_MS = 60_000;

// Anybody may publish. The registry asks no other registry.
const CONFIGURATION = `
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
    max_users: -1
packages:
  "**":
    access: $all
    publish: $all
    unpublish: $all
publish:
  allow_offline: true
web:
  enable: false
max_body_size: 100mb
log: { type: stdout, format: pretty, level: warn }
`;

/**
 * Starts the registry. Spread `environment` over process.env: then npm, and tools that read npm's configuration, use this registry
 * and none of the user's settings. `npmrc` is the path of the configuration file; it contains the token that npm needs to publish.
 * Call `stop()` when done. The registry also ends when this process ends.
 */
export async function startRegistry() {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-registry-"));
  const configuration = join(folder, "config.yaml");
  writeFileSync(configuration, CONFIGURATION);
  const log = join(folder, "log");
  const output = openSync(log, "w");
  // In a process of its own: verdaccio may need a newer Node than this one, and must answer while this process waits for npm.
  const child = fork(
    fileURLToPath(new URL("registry-server.mjs", import.meta.url)),
    [toolbox(), configuration],
    {
      ...{ execPath: nodes[24](), execArgv: [], cwd: folder },
      stdio: ["ignore", output, output, "ipc"],
    },
  );
  closeSync(output);
  const ended = once(child, "exit");
  const stop = async () => {
    // The registry has nothing to save.
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };

  const [port] = await Promise.race([
    once(child, "message", { signal: AbortSignal.timeout(START_LIMIT_MS) }),
    ended.then(() => Promise.reject(new Error("it ended"))),
  ]).catch(async (cause) => {
    const said = readFileSync(log, "utf8");
    await stop();
    throw new Error(`The registry did not start: ${cause.message}\n${said}`, { cause });
  });
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}/`;
  const npmrc = join(folder, ".npmrc");
  writeFileSync(npmrc, `registry=${url}\n//${address}/:_authToken=anyone\n`);
  const environment = {
    npm_config_userconfig: npmrc,
    npm_config_registry: url,
    npm_config_cache: join(folder, "npm-cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  return { url, folder, npmrc, environment, stop };
}
