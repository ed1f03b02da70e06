import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { compiled } from "../support/compiled.js";
import { skipUnless } from "../support/skip-unless.js";

let dist: string;
beforeAll(async () => {
  dist = await compiled();
});

const document = fileURLToPath(new URL("../../../../docs/testing.md", import.meta.url));
const [keepFiles, tests] = [...readFileSync(document, "utf8").matchAll(/^```js\n(.*?)^```$/gms)].map(
  (match) => match[1]!,
);

/** Runs a program that imports the package by its name, in a process that claims another platform and can load no binary. */
function run(code: string): { status: number | null; output: string } {
  const program = join(dist, "../document.test.mjs");
  writeFileSync(program, code);
  const elsewhere = 'data:text/javascript,Object.defineProperty(process, "platform", { value: "plan9" });';
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-addons", "--import", elsewhere, program],
    {
      encoding: "utf8",
      // Node's own test runner would make the program report to its parent process instead.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    },
  );
  return { status, output: stdout + stderr };
}

const onNode = skipUnless("it is for Node's test runner", !isBun && !isDeno);

onNode("the example of docs/testing.md passes without the binary", () => {
  const { status, output } = run(`${keepFiles}\n${tests}`);
  expect(output).toMatch(/^(#|ℹ) pass 2$/m);
  expect(status).toBe(0);
});

onNode("the example of docs/testing.md fails if its program leaks a descriptor", () => {
  const leaky = keepFiles!.replace("file?.close();", "");
  expect(leaky).not.toBe(keepFiles);
  const { status, output } = run(`${leaky}\n${tests}`);
  // The report names the receive in the loop as the origin.
  expect(output).toMatch(/madeAt: .at keepFiles /);
  expect(status).toBe(1);
});

onNode("the binary can't be loaded where these examples run", () => {
  const { status, output } = run('import { socketpair } from "sendmsg"; socketpair();');
  expect(output).toContain("ERR_SENDMSG_NATIVE_LOAD");
  expect(status).toBe(1);
});
