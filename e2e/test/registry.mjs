// Runs once before all tests: packs the packages, publishes them and their dependencies to a registry on loopback, and installs
// them from there. So does it with programs that use unix-dgram.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repository } from "../../tools/paths.mjs";
import { startRegistry } from "../../tools/registry.mjs";
import { publishInstalled } from "./publish-installed.mjs";
import { forNpm } from "./readme-override.mjs";
import { inToolbox } from "./toolbox.mjs";

/** Runs a program. If it fails, the error contains everything that it printed. */
const run = promisify(execFile);

/** Versions of hot-shots, as the toolbox calls them. */
const HOT_SHOTS = ["hot-shots-8", "hot-shots-13", "hot-shots-15", "hot-shots-17"];
/** Programs that use unix-dgram. */
const USERS = [...HOT_SHOTS, "winston-syslog", "winston"];

/** A dependency on the version that the toolbox has, under the same name as there. */
function versionInToolbox(folder) {
  const { name, version } = JSON.parse(readFileSync(inToolbox(folder, "package.json"), "utf8"));
  return [folder, name === folder ? version : `npm:${name}@${version}`];
}

/** Makes a project in which these packages are installed by npm. Returns its node_modules. */
async function install(folder, manifest, environment) {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install"], { cwd: folder, env: environment });
  return join(folder, "node_modules");
}

async function pack(folder) {
  mkdirSync(folder);
  await Promise.all([
    run(process.execPath, [join(repository, "tools/pack.mjs"), folder]),
    // `npx sendmsg build` also needs node-addon-api. We take it from this checkout's own dependencies.
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
      cwd: join(repository, "node_modules", "node-addon-api"),
    }),
  ]);
}

export default async function setup({ provide }) {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-packed-"));
  const packed = join(folder, "packed");
  const packing = pack(packed);
  packing.catch(() => {}); // We wait for it after the registry has started.
  const registry = await startRegistry();
  const end = async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const environment = { ...process.env, ...registry.environment };
    await Promise.all([
      packing.then(() =>
        Promise.all(
          readdirSync(packed).map((name) =>
            run("npm", ["publish", "--ignore-scripts", join(packed, name)], {
              cwd: packed,
              env: environment,
            }),
          ),
        ),
      ),
      publishInstalled(registry, [...USERS, "unix-dgram"]),
    ]);
    const [installed, users] = await Promise.all([
      install(join(folder, "user"), { dependencies: { sendmsg: "*" } }, environment),
      install(
        join(folder, "users"),
        { dependencies: Object.fromEntries(USERS.map(versionInToolbox)), ...forNpm() },
        environment,
      ),
    ]);
    provide("packed", packed);
    provide("installed", installed);
    provide("users", users);
    provide("registry", { url: registry.url, environment: registry.environment });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
