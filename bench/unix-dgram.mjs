// Measures @sendmsg/unix-dgram beside unix-dgram, which node-gyp compiles first. Needs a C++ compiler and Python.
//
//   npm run bench:unix-dgram -- [ROUNDS] [--only ROW,…] [--against FOLDER] [--write]
//
// --only      measures only these rows
// --against   also measures the package of another checkout, which must be built
// --write     replaces the figures in bench/README.md
//
// Both packages run the same program, and take turns. The other side of the connection is always the same program in C. The programs
// fail if a message that counted as sent has not arrived. The run fails if ours is slower in a row.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cached, fingerprint } from "../tools/cache.mjs";
import { withNodeHeaders } from "../tools/node-headers.mjs";
import { repository } from "../tools/paths.mjs";
import { attempt, run } from "../tools/run.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, against: { type: "string" }, write: { type: "boolean" } },
});
const ROUNDS = Number(positionals[0] ?? 4);

/** A row is slower if both its minimum and its median are so many times the original's. */
const TOLERANCE = 1.1;
/** A program that waits uses less than this, in milliseconds of processor time each second. */
const BUSY = 100;
/** A row that is slower is measured again so often, because other programs use the machine, too. */
const TRIES = 2;
/** After so many milliseconds, no row is measured again or more than twice, so that the whole run takes about three minutes. */
const ENOUGH = 80_000;

const ORIGINAL = "unix-dgram";
const OURS = "@sendmsg/unix-dgram";

/** The queue of a receiver has room for so many datagrams, unless the row says otherwise. */
const QUEUE = "/proc/sys/net/unix/max_dgram_qlen";
const usual = Number(readFileSync(QUEUE, "latin1"));
const LONG = 1000;

/** Runs a program in a network namespace of its own, in which queues are long. */
const inNamespace = (...command) => [
  "unshare",
  ...(process.getuid() === 0 ? [] : ["--map-root-user"]),
  ...["--net", "sh", "-c", `echo ${LONG} > ${QUEUE} && exec "$@"`, "sh", ...command],
];

const TIMES = ["time, µs", "processor time, µs"];
/** What the programs print, in the unit of the row. */
const MICRO = 1 / 1000;
const MILLI = 1 / 1e6;

/** The same row with the usual queues, and with long ones. */
const bothQueues = (row) => [
  { ...row, title: `${row.title}, queue of ${usual}` },
  { ...row, name: `${row.name}-long`, title: `${row.title}, queue of ${LONG}`, isLong: true },
];

/** A row in which a program makes messages faster than the server receives them. `mode`: what it does with those that find no room. */
const overload = ({ mode, ...row }) => ({
  ...row,
  task: ["overload", mode],
  rounds: 2,
  measures: ["% arrived", "processor time, ms each second", "memory grew by, MB"],
  compared: [1],
});

const rows = [
  ...bothQueues({ name: "callback", title: "send(data, callback)", task: ["callback", 25_000] }),
  ...bothQueues({ name: "event", title: "send(data)", task: ["event", 25_000] }),
  ...bothQueues({
    name: "path",
    title: "send(data, offset, length, path, callback)",
    task: ["path", 25_000],
  }),
  // More would not fit into the sender's buffer.
  { name: "quiet", title: "the same calls while nobody receives", task: ["quiet", 200, 200], isLong: true },
  ...bothQueues({ name: "receive", title: "a message received", task: ["receive", 25_000] }),
  { name: "roundtrip", title: "a message there and back, on one event loop", task: ["roundtrip", 10_000] },
  // If a queue is full, hot-shots pauses for 100 ms or more. So its elapsed time depends on how often the server was interrupted.
  {
    name: "metrics",
    title: "hot-shots, a metric, each one a message",
    task: ["metrics", 10_000, 0, 20],
    compared: [1],
    isLong: true,
  },
  {
    name: "metrics-buffered",
    title: "hot-shots, a metric, buffer of 1432 bytes",
    task: ["metrics", 50_000, 1432, 100],
    compared: [1],
    isLong: true,
  },
  overload({ name: "slow-drop", title: "the server is too slow, and the program drops", mode: "drop" }),
  overload({ name: "slow-wait", title: "the server is too slow, and the program waits", mode: "wait" }),
  {
    name: "stopped",
    title: "the server is stopped for a second",
    task: ["stopped"],
    rounds: 2,
    measures: ["processor time, ms each second", "events meanwhile", "of 1000 messages arrived"],
    compared: [],
    limits: [BUSY],
  },
  {
    name: "ended",
    title: "the server ends while its queue is full",
    task: ["ended"],
    rounds: 2,
    measures: ["`writable` came, ms later", "then processor time, ms each second"],
    compared: [],
    limits: [Number.POSITIVE_INFINITY, BUSY],
  },
  {
    name: "start",
    title: "require() and the first message",
    task: ["start"],
    scales: [MILLI, 1],
    rounds: 2,
    measures: ["time, ms", "memory of the process, MB"],
    compared: [0, 1],
  },
].map((row) => {
  const { measures = TIMES } = row;
  const scales = row.scales ?? measures.map(() => (measures === TIMES ? MICRO : 1));
  return { rounds: ROUNDS, compared: [0, 1], ...row, measures, scales };
});

/** The original and hot-shots, from npm. They are kept in the cache. Returns the folder with their node_modules. */
function peers() {
  const files = ["package.json", "package-lock.json"].map((file) => here(`peers/${file}`));
  const madeOf = fingerprint([process.arch, process.version], files);
  return cached("bench-peers", madeOf, (made) => {
    const workspace = `${made}-workspace`;
    try {
      mkdirSync(workspace);
      for (const file of files) cpSync(file, join(workspace, file.slice(here("peers/").length)));
      run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: workspace });
      const nodeGyp = createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
      run(process.execPath, [nodeGyp, "rebuild"], {
        cwd: join(workspace, "node_modules/unix-dgram"),
        env: withNodeHeaders(process.env),
      });
      renameSync(workspace, made);
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  });
}

/** A folder in which the package of a checkout has the name unix-dgram, as an override in package.json does it. */
function replaced(folder, checkout) {
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  symlinkSync(join(checkout, "packages/unix-dgram"), join(modules, "unix-dgram"));
  // A copy, because Node looks for unix-dgram near the real path of hot-shots.
  cpSync(join(peers(), "node_modules/hot-shots"), join(modules, "hot-shots"), { recursive: true });
  return folder;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const least = (numbers) => Math.min(...numbers);

/** Measures a row with each package, in turns. Adds what they print to the results. */
function measure(row, contenders, server, results) {
  const rounds = performance.now() < ENOUGH ? row.rounds : Math.min(row.rounds, 2);
  for (let round = 0; round < rounds; round++) {
    for (const [name, packages] of contenders) {
      const program = [process.execPath, here("contenders/unix-dgram.mjs"), row.task[0], packages, server];
      program.push(...row.task.slice(1).map(String));
      const [command, ...args] = row.isLong ? inNamespace(...program) : program;
      const printed = execFileSync(command, args, { encoding: "utf8", timeout: 60_000 });
      results.get(name).push(printed.split(" ").map(Number));
    }
    contenders.push(contenders.shift());
  }
}

/** The lines of the table for a row: one for each measure. */
function linesOf({ name, title, measures, scales, compared, limits = [] }, results) {
  return measures.map((measured, i) => {
    const columns = [...results.values()].map((all) => all.map((numbers) => numbers[i] * scales[i]));
    const ratios = (of) => columns.slice(1).map((numbers) => of(numbers) / of(columns[0]));
    const isCompared = compared.includes(i);
    const isSlower =
      (isCompared && [least, median].every((of) => ratios(of).at(-1) > TOLERANCE)) ||
      median(columns.at(-1)) > limits[i];
    return {
      name,
      title: `${title}: ${measured}`,
      cells: columns.flatMap((numbers) => [least(numbers), median(numbers)]).map(text),
      ratios: [least, median].flatMap((of) =>
        isCompared ? ratios(of).map((each) => each.toFixed(2)) : columns.slice(1).map(() => ""),
      ),
      isSlower,
    };
  });
}

/** Three digits. */
const text = (number) =>
  number >= 100 || Number.isInteger(number) ? number.toFixed(0) : number.toPrecision(3);

const BEGIN = "<!-- Figures: npm run bench:unix-dgram -- --write -->\n";
const END = "<!-- End of these figures -->\n";

/** Replaces what is between the marks in bench/README.md. */
function writeFigures(where, table) {
  const page = here("README.md");
  const [before, rest] = readFileSync(page, "utf8").split(BEGIN);
  const [, after] = rest.split(END);
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(page, `${before}${BEGIN}\n${day}. ${where}.\n\n${table}\n\n${END}${after}`);
}

const folder = mkdtempSync(join(tmpdir(), "sendmsg-bench-"));
try {
  const machine = `${cpus()[0]?.model.trim()} (${cpus().length} processors), ${arch()}, Linux ${release()}, Node ${process.version}`;
  const where = `${machine}; ${ROUNDS} rounds, at a load of ${loadavg()[0].toFixed(1)}`;
  console.log(where);
  const only = values.only?.split(",") ?? rows.map(({ name }) => name);
  const unknown = only.find((name) => !rows.some((row) => row.name === name));
  if (unknown) throw new Error(`no such row: ${unknown}. There are ${rows.map(({ name }) => name)}`);

  const server = join(folder, "server");
  run(process.env.CC ?? "cc", ["-O2", "-o", server, here("contenders/unix-dgram.c")]);
  const contenders = [[ORIGINAL, peers()]];
  if (values.against) {
    contenders.push([`${OURS}: other checkout`, replaced(join(folder, "other"), resolve(values.against))]);
  }
  contenders.push([OURS, replaced(join(folder, "ours"), repository)]);
  const names = contenders.map(([name]) => name);

  const [probe, ...probeArgs] = inNamespace("true");
  const { failure } = attempt(probe, probeArgs);
  if (failure) console.log(`without the rows that need long queues: ${failure}`);

  const heads = [
    "",
    ...names.flatMap((name) => [`${name}, least`, "median"]),
    ...["× (least)", "× (median)"].flatMap((head) => names.slice(1).map(() => head)),
  ];
  const table = [`| ${heads.join(" | ")} |`, `|---|${"---:|".repeat(heads.length - 1)}`];
  const slower = [];
  console.log(table.join("\n"));
  for (const row of rows) {
    if (!only.includes(row.name) || (row.isLong && failure)) continue;
    const results = new Map(names.map((name) => [name, []]));
    measure(row, contenders, server, results);
    let lines = linesOf(row, results);
    for (let tries = 0; tries < TRIES && performance.now() < ENOUGH; tries++) {
      if (!lines.some(({ isSlower }) => isSlower)) break;
      measure(row, contenders, server, results);
      lines = linesOf(row, results);
    }
    for (const { title, cells, ratios, isSlower } of lines) {
      const line = `| ${[title, ...cells, ...ratios].join(" | ")} |`;
      table.push(line);
      console.log(line);
      if (isSlower) slower.push(`${row.name}: ${title}`);
    }
  }
  if (values.write) writeFigures(where, table.join("\n"));
  for (const line of slower) console.log(`SLOWER: ${line}`);
  if (slower.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
