// Adds up what the parts of .ci/run left in a folder: node tools/summary.mjs FOLDER
// A part that failed counts at least one failure, and so does a result that was promised and is missing or empty. The tests
// that failed are named once more: their own output is far above.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countsOf, describeCounts, failuresOf, read } from "./results.mjs";

const [folder] = process.argv.slice(2);
const list = join(folder, "parts");
const parts = existsSync(list)
  ? readFileSync(list, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [name, status, seconds, leaves] = line.split("\t");
        return { name, failed: status !== "0", seconds, leaves: leaves ? leaves.split(",") : [] };
      })
  : [];

const total = { passed: 0, failed: 0, skipped: 0 };
console.log();
for (const part of parts) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const details = [];
  for (const result of part.leaves) {
    const counts = countsFrom(join(folder, `${result}.json`));
    details.push(`  ${result}: ${describeCounts(counts)}`);
    for (const key of Object.keys(sum)) sum[key] += counts[key];
  }
  // A part that leaves no counts is one thing that passed or failed.
  if (part.leaves.length === 0 && !part.failed) sum.passed++;
  if (part.failed && sum.failed === 0) sum.failed++;
  console.log(`${part.name}: ${describeCounts(sum)} in ${part.seconds} s`);
  for (const line of details) console.log(line);
  for (const key of Object.keys(total)) total[key] += sum[key];
}
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const report = read(join(folder, file));
  if (report?.testResults === undefined) continue;
  const [name] = file.split(".", 1);
  for (const failure of failuresOf(report)) console.log(`failed, ${name}: ${failure}`);
}
if (total.passed + total.failed === 0) total.failed++;
console.log(describeCounts(total));
process.exit(total.failed === 0 ? 0 : 1);

function countsFrom(path) {
  const content = read(path) ?? { passed: 0, failed: 1, skipped: 0 };
  const counts = "testResults" in content ? countsOf(content, 0) : content;
  return counts.passed + counts.failed > 0 ? counts : { ...counts, failed: 1 };
}
