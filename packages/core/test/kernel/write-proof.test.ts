import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { proven } from "./page.js";
import type { Direction, Proof } from "./proves.js";

const TOOL = fileURLToPath(new URL("../../../../tools/write-proof.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sendmsg-proof-"));
afterAll(() => rmSync(folder, { recursive: true }));

const claims = Object.entries(proven).flatMap(([message, directions]) =>
  Object.entries(directions).flatMap(([direction, kernels]) =>
    kernels.map((kernel) => ({ message, direction: direction as Direction, kernel }) as Proof),
  ),
);
const kernel = claims[0]!.kernel;
const [first, ...rest] = claims.filter((claim) => claim.kernel === kernel);

/** Runs `--check` on a folder with one report, in which the proofs of `passed` pass, and those of `failed` fail. */
function check(name: string, passed: readonly Proof[], failed: readonly Proof[] = []) {
  const of = (status: string) => (proof: Proof) => ({ status, meta: { proofs: [proof] } });
  const assertionResults = [...passed.map(of("passed")), ...failed.map(of("failed"))];
  const results = join(folder, name);
  mkdirSync(results);
  writeFileSync(join(results, "audit.json"), JSON.stringify({ passed: 1, failed: 0, skipped: 0 }));
  writeFileSync(join(results, "x.vitest.json"), JSON.stringify({ testResults: [{ assertionResults }] }));
  const { status, stderr } = spawnSync(process.execPath, [TOOL, "--check", results], { encoding: "utf8" });
  return { status, stderr };
}

describe("tools/write-proof.mjs --check", () => {
  test("passes if the reports show every recorded proof of their kernels", () => {
    expect(check("all", [first!, ...rest])).toEqual({ status: 0, stderr: "" });
  });

  test("fails if a recorded proof failed or was not run", () => {
    const complaint = `Recorded, but no test has shown it: ${first!.message}: ${first!.direction}, ${kernel}\n`;
    expect(check("skipped", rest)).toEqual({ status: 1, stderr: complaint });
    expect(check("failed", rest, [first!])).toEqual({ status: 1, stderr: complaint });
  });

  test("checks nothing if there are only reports of other kernels", () => {
    expect(check("elsewhere", [{ ...first!, kernel: "1.0 vax" }]).status).toBe(1);
    expect(check("nothing", []).status).toBe(2);
  });
});
