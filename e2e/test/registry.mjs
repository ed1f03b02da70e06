// Runs once before all tests: packs the packages, publishes them and their dependencies to a registry on loopback, and installs
// them from there.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repository } from "../../tools/paths.mjs";
import { startRegistry } from "../../tools/registry.mjs";

/** Runs a program. If it fails, the error contains everything that it printed. */
const run = promisify(execFile);

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
  const [packed, user] = ["packed", "user"].map((name) => join(folder, name));
  const packing = pack(packed);
  packing.catch(() => {}); // We wait for it after the registry has started.
  const registry = await startRegistry();
  const end = async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await packing;
    const environment = { ...process.env, ...registry.environment };
    await Promise.all(
      readdirSync(packed).map((name) =>
        run("npm", ["publish", "--ignore-scripts", join(packed, name)], { cwd: packed, env: environment }),
      ),
    );
    mkdirSync(user);
    writeFileSync(join(user, "package.json"), "{}");
    await run("npm", ["install", "sendmsg"], { cwd: user, env: environment });
    provide("packed", packed);
    provide("installed", join(user, "node_modules"));
    provide("registry", { url: registry.url, environment: registry.environment });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
