import { spawnSync } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isRoot } from "./target.js";

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
