// Notes in packages/core/test/kernel/proven.json which control messages the tests have sent through which kernel:
//   node tools/write-proof.mjs [--check] REPORT…
// A report is what vitest's JSON reporter writes of a whole run of test/kernel; what it says replaces all that was noted of its
// kernel. With --check nothing is written: it is an error if anything would change.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./paths.mjs";

const file = join(repository, "packages/core/test/kernel/proven.json");
const check = process.argv.includes("--check");
const reports = process.argv.slice(2).filter((argument) => argument !== "--check");

const before = readFileSync(file, "utf8");
const noted = new Map(Object.entries(JSON.parse(before)));

const proofs = reports.flatMap((report) =>
  JSON.parse(readFileSync(report, "utf8"))
    .testResults.flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ status, meta }) => (status === "passed" ? (meta?.proofs ?? []) : [])),
);
if (proofs.length === 0) {
  console.error("The reports prove nothing: do they come from a run of test/kernel?");
  process.exit(2);
}

const kernels = new Set(proofs.map(({ kernel }) => kernel));
for (const directions of noted.values()) {
  for (const [direction, where] of Object.entries(directions)) {
    directions[direction] = where.filter((kernel) => !kernels.has(kernel));
  }
}
for (const { message, direction, kernel } of proofs) {
  if (!noted.has(message)) noted.set(message, {});
  const directions = noted.get(message);
  directions[direction] = [...new Set([...(directions[direction] ?? []), kernel])];
}

// Newest first, "6.18 x64" before "6.1 ia32".
const numbers = (kernel) => kernel.match(/\d+/g).slice(0, 2).map(Number);
const newestFirst = (a, b) => {
  const [[majorA, minorA], [majorB, minorB]] = [numbers(a), numbers(b)];
  return majorB - majorA || minorB - minorA || (a < b ? 1 : -1);
};
const after = {};
for (const message of [...noted.keys()].sort()) {
  const kept = Object.entries(noted.get(message)).filter(([, where]) => where.length > 0);
  if (kept.length === 0) continue;
  after[message] = Object.fromEntries(
    kept.sort().map(([direction, where]) => [direction, where.sort(newestFirst)]),
  );
}

const text = `${JSON.stringify(after, null, 2)}\n`;
console.log(`${[...kernels].join(", ")}: ${proofs.length} proofs${text === before ? ", as noted" : ""}`);
if (text !== before) {
  if (check) {
    console.error("packages/core/test/kernel/proven.json is not up to date: run tools/write-proof.mjs");
    process.exit(1);
  }
  writeFileSync(file, text);
}
