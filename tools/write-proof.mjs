// Records in packages/core/test/kernel/proven.json which control messages the tests have sent through which kernel:
//   node tools/write-proof.mjs REPORT…
//   node tools/write-proof.mjs --check REPORT…
// A report is a file that vitest's JSON reporter wrote in a whole run of test/kernel. It can also be a folder that SENDMSG_RESULTS
// named: then all reports in it are read. A report replaces all records of its kernel. With --check, nothing is written. It fails
// if there is a record that no test has shown on a kernel of the given reports. Records of other kernels are listed, but not
// checked.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import semver from "semver";
import { repository } from "./paths.mjs";
import { isReport } from "./results.mjs";

const file = join(repository, "packages/core/test/kernel/proven.json");
const {
  values: { check },
  positionals,
} = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
const reports = positionals.flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter(isReport)
        .map((name) => join(path, name))
    : [path],
);

const proofs = reports.flatMap((report) =>
  JSON.parse(readFileSync(report, "utf8"))
    .testResults.flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ status, meta }) => (status === "passed" ? (meta?.proofs ?? []) : [])),
);
if (proofs.length === 0) {
  console.error("The reports prove nothing: do they come from a run of test/kernel?");
  process.exit(2);
}

const noted = JSON.parse(readFileSync(file, "utf8"));
const claims = Object.entries(noted).flatMap(([message, directions]) =>
  Object.entries(directions).flatMap(([direction, kernels]) =>
    kernels.map((kernel) => ({ message, direction, kernel })),
  ),
);
const kernels = new Set(proofs.map(({ kernel }) => kernel));
const key = ({ message, direction, kernel }) => `${message}: ${direction}, ${kernel}`;

if (check) {
  const shown = new Set(proofs.map(key));
  const claimed = new Set(claims.map(key));
  const stale = claims.filter((claim) => kernels.has(claim.kernel) && !shown.has(key(claim)));
  const elsewhere = [...new Set(claims.map(({ kernel }) => kernel))].filter((kernel) => !kernels.has(kernel));
  const checked = claims.filter(({ kernel }) => kernels.has(kernel)).length;
  console.log(`Checked ${checked} of ${claims.length} recorded proofs, on ${[...kernels].join(", ")}`);
  if (elsewhere.length > 0) console.log(`Not checked, because there is no report: ${elsewhere.join(", ")}`);
  const unnoted = [...shown].filter((proof) => !claimed.has(proof)).length;
  if (unnoted > 0)
    console.log(
      `${unnoted} proofs are not recorded yet. To record them, run tools/write-proof.mjs without --check`,
    );
  if (checked === 0) console.error("The reports are of no kernel that has a record, so nothing was checked");
  for (const claim of stale) console.error(`Recorded, but no test has shown it: ${key(claim)}`);
  process.exit(stale.length === 0 && checked > 0 ? 0 : 1);
}

// Newest first, "6.18 x64" before "6.1 ia32".
const newestFirst = (a, b) => semver.rcompare(semver.coerce(a), semver.coerce(b)) || (a < b ? 1 : -1);
const kept = claims.filter(({ kernel }) => !kernels.has(kernel));
const after = {};
for (const message of [...new Set([...kept, ...proofs].map(({ message }) => message))].sort()) {
  const own = [...kept, ...proofs].filter((proof) => proof.message === message);
  after[message] = Object.fromEntries(
    [...new Set(own.map(({ direction }) => direction))].sort().map((direction) => {
      const where = own.filter((proof) => proof.direction === direction).map(({ kernel }) => kernel);
      return [direction, [...new Set(where)].sort(newestFirst)];
    }),
  );
}
// Put each list on one line, as Biome formats it.
const text = JSON.stringify(after, null, 2).replace(
  /\[\s+([^\]]*?)\s+\]/g,
  (_, list) => `[${list.replace(/\s+/g, " ")}]`,
);
writeFileSync(file, `${text}\n`);
console.log(`${[...kernels].join(", ")}: ${proofs.length} proofs`);
