// Once for all tests: packs the packages, and publishes them and what they depend on to a registry on loopback.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "../../tools/paths.mjs";
import { startRegistry } from "../../tools/registry.mjs";
import { run } from "../../tools/run.mjs";
import { toolbox } from "../../tools/toolbox.mjs";

export default async function setup({ provide }) {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-packed-"));
  const registry = await startRegistry();
  const end = async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    run(process.execPath, [join(repository, "tools/pack.mjs"), folder]);
    // What `npx sendmsg build` would fetch besides, from this checkout's own dependencies.
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
      cwd: join(repository, "node_modules", "node-addon-api"),
    });
    const environment = { ...process.env, ...registry.environment };
    for (const name of readdirSync(folder)) {
      run("npm", ["publish", "--ignore-scripts", join(folder, name)], { cwd: folder, env: environment });
    }
    provide("packed", folder);
    provide("registry", { url: registry.url, environment: registry.environment });
    provide("toolbox", toolbox());
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
