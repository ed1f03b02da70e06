// Measures the library against C, Node's own means and Python, and in Bun and Deno, in one run: contenders take turns, and what
// is printed are medians over the rounds and their ratio to C. Single figures mean little on a shared machine; ratios of one
// run do.
//
//   npm run bench [ROUNDS] [-- --write]
//
// --write puts the figures into bench/README.md, in place of those that were there.
// It fails when Bun or Deno is slower than its limit, a ratio to C, in every try.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bun, deno } from "../tools/toolbox.mjs";

const write = process.argv.includes("--write");
const rounds = Number(process.argv.slice(2).find((argument) => argument !== "--write") ?? 7);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sendmsg-bench-"));

/** Builds a C contender; undefined, with the reason printed, where there is no compiler. */
function compiled(name) {
  const program = join(folder, name);
  try {
    execFileSync(process.env.CC ?? "cc", ["-O2", "-o", program, here(`contenders/${name}.c`)], {
      stdio: "pipe",
    });
    return [program];
  } catch (error) {
    console.log(`without ${name}.c: ${error.message.split("\n")[0]}`);
    return undefined;
  }
}

const node = (file, ...args) => [process.execPath, here(`contenders/${file}`), ...args];

function python(file) {
  try {
    execFileSync("python3", ["--version"], { stdio: "pipe" });
    return ["python3", here(`contenders/${file}`)];
  } catch {
    console.log(`without ${file}: no python3`);
    return undefined;
  }
}

/** The library in another runtime, whose ratio to C must stay below the limit; undefined where there is no such runtime. */
function elsewhere(command, task, limit) {
  return command && { command: [...command, here("contenders/sendmsg.mjs"), task], limit };
}

/** The programs of other runtimes; the toolbox has those for x64. */
function runtimes() {
  if (arch() !== "x64") {
    console.log(
      `without Bun and Deno: the toolbox (e2e/package.json) has them for x64, and this is ${arch()}`,
    );
    return {};
  }
  return { bun: [bun()], deno: [deno(), "run", "--allow-all"] };
}

const c = compiled("unix");
const others = runtimes();
/** Each contender is given what to do and prints nanoseconds for one. */
const subjects = [
  {
    title: "64 bytes there and back over a Unix stream, two ends on one event loop",
    contenders: {
      "C, epoll": c && [...c, "roundtrip"],
      sendmsg: node("sendmsg.mjs", "roundtrip"),
      "sendmsg in Bun": elsewhere(others.bun, "roundtrip", 15),
      "sendmsg in Deno": elsewhere(others.deno, "roundtrip", 12),
      "node:net": node("net.mjs"),
    },
  },
  {
    title: "one descriptor passed and closed, over a Unix stream within one process",
    contenders: {
      "C, sendmsg(2)": c && [...c, "pass"],
      "sendmsg/syscalls": node("sendmsg.mjs", "pass-syscalls"),
      sendmsg: node("sendmsg.mjs", "pass"),
      "sendmsg in Bun": elsewhere(others.bun, "pass", 100),
      "sendmsg in Deno": elsewhere(others.deno, "pass", 20),
      "Python, socket.send_fds": python("unix.py"),
    },
  },
  {
    title: "control data with credentials and one descriptor decoded",
    contenders: { "C, CMSG_NXTHDR": c && [...c, "decode"], "sendmsg/control": node("sendmsg.mjs", "decode") },
  },
  {
    title: "control data with one descriptor encoded",
    contenders: { "C, CMSG_DATA": c && [...c, "encode"], "sendmsg/control": node("sendmsg.mjs", "encode") },
  },
];

/** How often a runtime may miss its limit. */
const TRIES = 5;

// Deno would ask for its newest version.
const environment = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const microseconds = (nanoseconds) => (nanoseconds / 1000).toFixed(3);

/** Runs a contender once. */
function timeOf([program, ...args]) {
  return Number(execFileSync(program, args, { encoding: "utf8", env: environment }));
}

/** Runs the contenders in turns; the median of each, its ratio to the first one's, and the spread, as text. */
function measure(contenders) {
  const entries = Object.entries(contenders).filter(([, contender]) => contender !== undefined);
  const times = new Map(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, contender] of entries) times.get(name).push(timeOf(contender.command ?? contender));
  }
  const base = median(times.get(entries[0][0]));
  return [...times].map(([name, all]) => ({
    name,
    median: microseconds(median(all)),
    ratio: (median(all) / base).toFixed(1),
    spread: `${microseconds(Math.min(...all))} to ${microseconds(Math.max(...all))}`,
  }));
}

/** What is wrong with the contenders that have a limit. One that is beyond it is tried again, right after C: others use the machine, too. */
function tooSlow(title, contenders, rows) {
  const [base] = Object.values(contenders);
  const faults = [];
  for (const { name, ratio } of rows) {
    const { command, limit } = contenders[name];
    if (limit === undefined || !Array.isArray(base)) continue;
    let least = Number(ratio);
    for (let tries = 1; least > limit && tries < TRIES; tries++) {
      const reference = timeOf(base);
      least = Math.min(least, timeOf(command) / reference);
    }
    if (least > limit)
      faults.push(`${name}, ${title}: ${least.toFixed(1)} times C's time, at most ${limit} are permitted`);
  }
  return faults;
}

const MARK = "<!-- Figures: npm run bench -- --write -->\n";

/** All that follows the mark in bench/README.md. */
function writeFigures(where, results) {
  const page = here("README.md");
  const [text] = readFileSync(page, "utf8").split(MARK);
  const tables = results.map(({ title, rows }) =>
    [
      `### ${title[0].toUpperCase()}${title.slice(1)}`,
      "",
      "| | median, µs | × C | least to most, µs |",
      "|---|---:|---:|---|",
      ...rows.map(({ name, median, ratio, spread }) => `| ${name} | ${median} | ${ratio} | ${spread} |`),
      "",
    ].join("\n"),
  );
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(page, `${text}${MARK}\n${day}. ${where}.\n\n${tables.join("\n")}`);
}

try {
  const machine = `${cpus()[0]?.model.trim()} (${cpus().length} processors), ${arch()}, Linux ${release()}, Node ${process.version}`;
  const where = `${machine}; medians of ${rounds} rounds, at a load of ${loadavg()[0].toFixed(1)}`;
  console.log(where);
  const results = [];
  const faults = [];
  for (const { title, contenders } of subjects) {
    const rows = measure(contenders);
    results.push({ title, rows });
    faults.push(...tooSlow(title, contenders, rows));
    console.log(`\n${title}`);
    for (const { name, median, ratio, spread } of rows) {
      console.log(`  ${name.padEnd(26)} ${median.padStart(8)} µs  ${ratio.padStart(6)} x   (${spread})`);
    }
  }
  if (write) writeFigures(where, results);
  for (const fault of faults) console.log(`TOO SLOW: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
