import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { evaluate } from "../support/evaluate.js";
import { freshName, freshPath } from "../support/fresh-places.js";
import { has } from "../support/kernel-features.js";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const page = readFileSync(new URL("../../../../docs/credentials.md", import.meta.url), "utf8");
const programs = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);

const pidfd = has.passPidfd() ? "it is this process, and it runs" : "this kernel has no pidfd of a peer";

// An emulated Node needs long to start.
describe("the programs of docs/credentials.md", { timeout: 180_000 }, () => {
  test.each([
    [0, "my own user has connected"],
    [1, "welcome"],
    [2, "welcome"],
    [3, "sent by this process"],
    [4, pidfd],
  ])("program %i", (i, printed) => {
    // The HTTP server: it has no net.Socket there.
    if (programs[i]!.includes("node:http") && (isBun || isDeno)) return;
    const program = programs[i]!.replaceAll("/run/app.sock", freshPath()).replaceAll("app-4711", freshName());
    const { status, stdout, stderr } = spawnSync(process.execPath, evaluate(program), {
      cwd: repository,
      encoding: "utf8",
      timeout: 150_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${printed}\n`, stderr: "" });
  });

  test("all are run here", () => {
    expect(programs).toHaveLength(5);
  });
});
