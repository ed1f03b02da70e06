import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import { evaluate, FILES } from "./evaluate.js";

export interface ChildOptions {
  /** RLIMIT_NOFILE. */
  descriptors?: number;
  uid?: number;
  env?: Record<string, string>;
}

/** How long a child may take, in milliseconds: far more than it needs, even under emulation. */
const TIMEOUT = 50_000;

/**
 * Runs a module in a process of its own, and returns what it prints. The module has the library's exports as `lib`, `sys` and
 * `constants`, openSync() and closeSync(), and keep() for objects that must not be collected. It must end by itself, without an
 * error and without output to stderr.
 */
export function run(dist: string, source: string, options: ChildOptions = {}): string {
  const { descriptors, uid, env = {} } = options;
  const module = (name: string) => JSON.stringify(pathToFileURL(join(dist, name)).href);
  const program = `
    import * as lib from ${module("index.js")};
    import * as sys from ${module("syscalls/index.js")};
    import * as constants from ${module("constants/index.js")};
    import { binding } from ${module("native/load.js")};
    import { closeSync, openSync } from ${FILES};
    // Objects that the module no longer uses would be collected, and closed, while others are still in use.
    const keep = (...ends) => { globalThis.kept = [...(globalThis.kept ?? []), ...ends]; };
    ${source}`;
  const command = [process.execPath, ...evaluate(program)];
  if (descriptors !== undefined) command.unshift("sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh");
  const child = spawnSync(command[0]!, command.slice(1), {
    encoding: "utf8",
    timeout: TIMEOUT,
    env: { ...process.env, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  expect(child.stderr).toBe("");
  expect([child.signal, child.status]).toEqual([null, 0]);
  return child.stdout.trim();
}
