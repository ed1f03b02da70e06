import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as binary from "../../binary.cjs";

/** The tools that compile the native part, in the versions with which the published binaries were made. */
const HEADERS = "node-addon-api";
const NODE_GYP = "node-gyp";

/**
 * Compiles the native part with node-gyp into native/build of the installed package, where the loader finds it. This needs Python
 * 3, make, a C++ compiler, and the registry for the headers. Returns the exit status.
 */
export function build(): number {
  if (process.platform !== "linux") {
    console.error(`sendmsg: there is nothing to build on ${process.platform}: sendmsg is for Linux`);
    return 1;
  }
  if (binary.localDirectory === undefined) {
    console.error("sendmsg: a bundle does not load a local build: run this in an installed package");
    return 1;
  }
  const { buildTools } = binary.packageJson();
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-build-"));
  try {
    const bundled = nodeGyp();
    const wanted = [HEADERS, ...(bundled ? [] : [NODE_GYP])].map((name) => `${name}@${buildTools[name]}`);
    // Make a project of its own here. Otherwise npm would change the project in whose directory it runs.
    writeFileSync(join(folder, "package.json"), "{}");
    if (
      !ran("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted], folder)
    ) {
      console.error(`sendmsg: ${wanted.join(" and ")} could not be installed`);
      return 1;
    }
    const modules = join(folder, "node_modules");
    const program = bundled ?? join(modules, NODE_GYP, "bin/node-gyp.js");
    const args = [program, "rebuild", "-C", binary.localDirectory];
    if (!ran(process.execPath, args, binary.localDirectory, { NODE_PATH: modules })) {
      console.error(
        "sendmsg: the native part could not be compiled. It needs Python 3, make and a C++ compiler.",
      );
      return 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`sendmsg: built ${join(binary.localDirectory, "build/Release/sendmsg.node")}`);
  return 0;
}

/** Finds the node-gyp that npm contains. npm names it to programs that it runs; otherwise we look beside Node. */
function nodeGyp(): string | undefined {
  const beside = join(dirname(process.execPath), "../lib/node_modules/npm/package.json");
  const candidates = [process.env.npm_config_node_gyp];
  if (existsSync(beside)) {
    try {
      candidates.push(createRequire(beside).resolve("node-gyp/bin/node-gyp.js"));
    } catch {
      // Some distributions have node-gyp in a package of its own.
    }
  }
  return candidates.find((path) => path !== undefined && path !== "" && existsSync(path));
}

function ran(
  program: string,
  args: readonly string[],
  cwd: string,
  environment?: Record<string, string>,
): boolean {
  const { status, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (error) console.error(`sendmsg: ${program}: ${error.message}`);
  return status === 0;
}
