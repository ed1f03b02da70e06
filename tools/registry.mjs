// A package registry on loopback that knows nothing but what is published to it, for as long as a test runs. Everything it
// makes is in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { nodes, toolbox } from "./toolbox.mjs";

const HOST = "127.0.0.1";
const SECOND = 1000;
const START_LIMIT = 60 * SECOND;
const STOP_LIMIT = 5 * SECOND;
const POLL = 100;
// The port is free when it is chosen; another process may take it before the registry does.
const ATTEMPTS = 3;

// Anyone may publish, and there is no other registry to ask.
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
 * Starts the registry. `environment` makes npm, and what reads npm's configuration, use it and nothing of this user's:
 * spread it over process.env. `npmrc` is the file that it names, with the token that npm asks for before it publishes.
 * Call `stop()` when done; the end of this process ends the registry, too.
 */
export async function startRegistry() {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-registry-"));
  writeFileSync(join(folder, "config.yaml"), CONFIGURATION);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startIn(folder, await freePort());
    } catch (error) {
      if (attempt === ATTEMPTS || !/EADDRINUSE/.test(error.message)) {
        rmSync(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }
}

async function startIn(folder, port) {
  const address = `${HOST}:${port}`;
  const url = `http://${address}/`;
  const log = join(folder, "log");
  const output = openSync(log, "w");
  const child = spawn(
    nodes[24](),
    [
      join(toolbox(), "node_modules/verdaccio/bin/verdaccio"),
      ...["--listen", address, "--config", join(folder, "config.yaml")],
    ],
    { cwd: folder, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  let running = true;
  const ended = once(child, "exit").then(() => {
    running = false;
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const end = async () => {
    child.kill("SIGTERM");
    const impatience = setTimeout(kill, STOP_LIMIT);
    await ended;
    clearTimeout(impatience);
    process.removeListener("exit", kill);
  };

  const deadline = Date.now() + START_LIMIT;
  while (!(await answers(url))) {
    if (running && Date.now() < deadline) {
      await delay(POLL);
      continue;
    }
    await end();
    throw new Error(`The registry did not start at ${url}:\n${readFileSync(log, "utf8")}`);
  }
  // Something else may answer at a port that the registry did not get.
  if (!running) throw new Error(`The registry ended at once:\n${readFileSync(log, "utf8")}`);

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
  const stop = async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, folder, npmrc, environment, stop };
}

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url) {
  try {
    return (await fetch(new URL("-/ping", url), { signal: AbortSignal.timeout(SECOND) })).ok;
  } catch {
    return false;
  }
}
