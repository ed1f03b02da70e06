// Measures the library against C, Node's own modules and Python, and also in Bun and Deno. In one run, the contenders take turns.
// It prints the minimum and the median over all rounds, and their ratios to the first contender's. On a shared machine, single
// figures mean little, but the ratios of one run are reliable.
//
//   npm run bench -- [ROUNDS] [--only NAME,…] [--against FOLDER] [--write]
//
// --only      measures only these subjects: see subjects.mjs
// --against   also measures the library of another checkout, which must be built: so you see the effect of a change
// --write     replaces the figures in bench/README.md
//
// It fails if Bun or Deno misses its limit, a ratio to the first contender, in all tries.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { subjects } from "./subjects.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, against: { type: "string" }, write: { type: "boolean" } },
});
const rounds = Number(positionals[0] ?? 7);
const folder = mkdtempSync(join(tmpdir(), "sendmsg-bench-"));

/** How often a runtime may miss its limit. */
const TRIES = 5;

// Without this, Deno would ask for its newest version.
const environment = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Runs a contender once. Returns what it has measured. */
function run({ command: [program, ...args], checkout }) {
  const env = checkout ? { ...environment, SENDMSG_BENCH_CHECKOUT: checkout } : environment;
  return execFileSync(program, args.map(String), { encoding: "utf8", env }).split(" ").map(Number);
}

/** The contenders that take part, including those of the other checkout. */
function entriesOf(contenders) {
  return Object.entries(contenders).flatMap(([name, contender]) => {
    if (contender === undefined) return [];
    if (!values.against || !contender.isLibrary) return [[name, contender]];
    return [
      [`${name}: other checkout`, { ...contender, checkout: resolve(values.against) }],
      [name, contender],
    ];
  });
}

/** Runs the contenders in turns. Returns a table for each measure. */
function measure({ title, measures = [""], once, contenders }) {
  const entries = entriesOf(contenders);
  const results = new Map(entries.map(([name]) => [name, []]));
  for (let round = 0; round < (once ? 1 : rounds); round++) {
    for (const [name, contender] of entries) results.get(name).push(run(contender));
  }
  return measures.map((measured, i) => {
    const columns = [...results].map(([name, all]) => ({ name, numbers: all.map((each) => each[i]) }));
    const isTime = !once;
    const text = (number) => (isTime ? (number / 1000).toFixed(3) : number.toFixed(1));
    const [{ numbers: base }] = columns;
    const rows = columns.map(({ name, numbers }) => {
      const ratio = (of) => (isTime ? (of(numbers) / of(base)).toFixed(2) : "");
      return {
        name,
        least: text(Math.min(...numbers)),
        median: text(median(numbers)),
        ratioOfLeast: ratio((all) => Math.min(...all)),
        ratio: ratio(median),
      };
    });
    return {
      title: measured ? `${title}: ${measured}` : title,
      unit: isTime ? "µs" : measured,
      isTime,
      rows,
    };
  });
}

/**
 * Returns which contenders miss their limits. Each of these runs again, right after the first one, because other programs use the
 * machine too.
 */
function tooSlow({ title, contenders }, rows) {
  const base = Object.values(contenders)[0];
  const faults = [];
  for (const { name, ratio } of rows) {
    const limit = contenders[name]?.limit;
    if (limit === undefined || base === undefined) continue;
    let least = Number(ratio);
    for (let tries = 1; least > limit && tries < TRIES; tries++) {
      const [reference] = run(base);
      least = Math.min(least, run(contenders[name])[0] / reference);
    }
    if (least > limit)
      faults.push(
        `${name}, ${title}: ${least.toFixed(1)} times the time of ${Object.keys(contenders)[0]}, at most ${limit} are permitted`,
      );
  }
  return faults;
}

/** A value that is measured only once has no median and no ratio. */
const headings = ({ unit, isTime }) =>
  isTime ? ["", `least, ${unit}`, `median, ${unit}`, "× (least)", "× (median)"] : ["", unit];

const cells = ({ name, least, median, ratioOfLeast, ratio }, { isTime }) =>
  isTime ? [name, least, median, ratioOfLeast, ratio] : [name, least];

function print(table) {
  const { title, rows } = table;
  const lines = [headings(table), ...rows.map((row) => cells(row, table))];
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  console.log(`\n${title}`);
  for (const line of lines) {
    const padded = line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    console.log(`  ${padded.join("  ")}`.trimEnd());
  }
}

const MARK = "<!-- Figures: npm run bench -- --write -->\n";

/** Replaces everything behind the mark in bench/README.md. */
function writeFigures(where, tables) {
  const page = fileURLToPath(new URL("README.md", import.meta.url));
  const [text] = readFileSync(page, "utf8").split(MARK);
  const sections = tables.map((table) => {
    const { title, rows } = table;
    const columns = headings(table);
    return [
      `### ${title[0].toUpperCase()}${title.slice(1)}`,
      "",
      `| ${columns.join(" | ")} |`,
      `|---|${"---:|".repeat(columns.length - 1)}`,
      ...rows.map((row) => `| ${cells(row, table).join(" | ")} |`),
      "",
    ].join("\n");
  });
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(page, `${text}${MARK}\n${day}. ${where}.\n\n${sections.join("\n")}`);
}

try {
  const machine = `${cpus()[0]?.model.trim()} (${cpus().length} processors), ${arch()}, Linux ${release()}, Node ${process.version}`;
  const where = `${machine}; ${rounds} rounds, at a load of ${loadavg()[0].toFixed(1)}`;
  console.log(where);
  const all = subjects(folder);
  const only = values.only?.split(",") ?? all.map(({ name }) => name);
  const unknown = only.find((name) => !all.some((subject) => subject.name === name));
  if (unknown) throw new Error(`no such subject: ${unknown}. There are ${all.map(({ name }) => name)}`);
  const results = [];
  const faults = [];
  for (const subject of all.filter(({ name }) => only.includes(name))) {
    const tables = measure(subject);
    results.push(...tables);
    faults.push(...tooSlow(subject, tables[0].rows));
    for (const table of tables) print(table);
  }
  if (values.write) writeFigures(where, results);
  for (const fault of faults) console.log(`TOO SLOW: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
