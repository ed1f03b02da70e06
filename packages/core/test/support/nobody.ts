import { spawnSync } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isBun, isDeno } from "../../src/runtime.js";
import { skipUnless } from "./skip-unless.js";
import { isEmulated, isRoot } from "./target.js";

/** The user and the group nobody. */
export const NOBODY = 65_534;

const core = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Whether the tests can start a process of the user nobody, and that process can read the library. */
export const canBeNobody = (): boolean =>
  isRoot &&
  spawnSync(process.execPath, ["-e", `require("fs").accessSync(${JSON.stringify(core)}, 5)`], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: "ignore",
  }).status === 0;

/** Lets other users read the compiled library. */
export function letOthersRead(dist: string): void {
  for (let path = dist; path !== core; path = dirname(path)) chmodSync(path, statSync(path).mode | 0o055);
}

/** A `test` that calls {@link asNobody}. */
export const givingUpRights = skipUnless(
  "only root can give up rights, and not on Bun and Deno",
  isRoot && !isBun && !isDeno && !isEmulated(),
);

/**
 * Runs `body` with the rights of the user nobody. The kernel takes the capabilities away with the effective user, and gives them
 * back with it: capabilities(7).
 */
export async function asNobody(body: () => unknown): Promise<void> {
  process.setegid!(NOBODY);
  process.seteuid!(NOBODY);
  try {
    await body();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}
