// A program that uses unix-dgram, or what is installed under its name. Prints what it has measured.
//
//   node unix-dgram.mjs TASK FOLDER SERVER [ARGUMENT …]
//
// FOLDER has a node_modules with the packages. SERVER is the compiled unix-dgram.c.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buffers, inTurn, main, processorTime } from "./timing.mjs";

const [, , , packages, server] = process.argv;
const require = createRequire(join(packages, "program.cjs"));

const SIZE = 100;
/** After so many messages, the program lets the event loop turn, as real programs do. */
const BURST = 100;

const folder = mkdtempSync(join(tmpdir(), "sendmsg-unix-dgram-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
let paths = 0;
const newPath = () => join(folder, `socket${paths++}`);

const payload = () => inTurn(buffers(16, SIZE));

/** Starts the other side, and waits until it is ready. */
async function start(task, path, ...args) {
  const child = spawn(server, [task, path, ...args.map(String)], { stdio: ["pipe", "pipe", "inherit"] });
  process.on("exit", () => child.kill("SIGKILL")); // also after a failure
  child.stdout.setEncoding("utf8");
  await once(child.stdout, "data");
  return child;
}

/** Ends a server. Returns how many messages it has received, and how many metrics. */
async function ended(child) {
  child.kill("SIGTERM");
  const [text] = await once(child.stdout, "data");
  return text.split(" ").map(Number);
}

function check(what, got, expected) {
  if (got !== expected) throw new Error(`${what}: ${got} of ${expected}`);
}

function connected(path) {
  const socket = require("unix-dgram").createSocket("unix_dgram");
  socket.connect(path);
  return socket;
}

/** Measures the work, after a tenth of it. Returns the nanoseconds for one: elapsed time, processor time of this process. */
async function timed(count, work) {
  await work(Math.ceil(count / 10));
  const before = processorTime();
  const begin = performance.now();
  await work(count);
  const elapsed = performance.now() - begin;
  return [(elapsed * 1e6) / count, ((processorTime() - before) * 1e3) / count];
}

/**
 * Sends `count` messages. `attempt` sends one, and returns what to wait for before the next attempt if there was no room for it.
 */
async function sendAll(count, attempt) {
  for (let sent = 0; sent < count; ) {
    const wait = attempt();
    if (wait !== undefined) await wait();
    else if (++sent % BURST === 0) await turn();
  }
}

/** Measures how long sending takes while a server receives. Checks that what was sent has arrived. */
async function sending(count, makeAttempt) {
  const path = newPath();
  const child = await start("server", path);
  const [socket, attempt] = makeAttempt(path);
  let all = 0;
  const result = await timed(count, (some) => {
    all += some;
    return sendAll(some, attempt);
  });
  check("messages received", (await ended(child))[0], all);
  socket.close();
  return result;
}

/** How a callback learns of congestion: see tests of unix-dgram, and hot-shots. */
const isCongestion = (error) => error.message === "congestion";

/** The socket is connected, and each send has a callback. */
function withCallback(path) {
  const socket = connected(path);
  const next = payload();
  let failure;
  const note = (error) => {
    failure = error;
  };
  const room = () => once(socket, "writable");
  return [
    socket,
    () => {
      socket.send(next(), note);
      if (failure === undefined) return undefined;
      if (!isCongestion(failure)) throw failure;
      failure = undefined;
      return room;
    },
  ];
}

/** The socket is connected, and an event reports congestion. */
function withoutCallback(path) {
  const socket = connected(path);
  const next = payload();
  let isFull = false;
  socket.on("congestion", () => {
    isFull = true;
  });
  const room = () => once(socket, "writable");
  return [
    socket,
    () => {
      socket.send(next());
      if (!isFull) return undefined;
      isFull = false;
      return room;
    },
  ];
}

/** The socket is not connected. Nothing reports that there is room again, so the program tries again in the next turn. */
function toPath(path) {
  const socket = require("unix-dgram").createSocket("unix_dgram");
  const next = payload();
  let failure;
  const note = (error) => {
    failure = error;
  };
  return [
    socket,
    () => {
      socket.send(next(), 0, SIZE, path, note);
      if (failure === undefined) return undefined;
      if (failure.errno !== -constants.errno.EAGAIN) throw failure;
      failure = undefined;
      return turn;
    },
  ];
}

/** Measures sending alone: nobody receives meanwhile, and the queue has room for `batch` messages. */
async function quiet(batch, rounds) {
  const path = newPath();
  const [input, output] = [join(folder, "in"), join(folder, "out")];
  for (const name of [input, output]) spawnSync("mkfifo", [name]);
  const child = spawn("sh", ["-c", 'exec "$0" gate "$1" < "$2" > "$3"', server, path, input, output]);
  const [to, from] = [openSync(input, "w"), openSync(output, "r")];
  const answer = Buffer.alloc(64);
  const read = () => answer.toString("latin1", 0, readSync(from, answer)).trim();
  check("the gate", read(), "ready");
  const [socket, attempt] = withCallback(path);
  let elapsed = 0;
  let used = 0;
  for (let round = -Math.ceil(rounds / 10); round < rounds; round++) {
    if (round === 0) elapsed = used = 0;
    const before = processorTime();
    const begin = performance.now();
    for (let i = 0; i < batch; i++) if (attempt() !== undefined) throw new Error("the queue is full");
    elapsed += performance.now() - begin;
    used += processorTime() - before;
    writeSync(to, "x");
    check("messages received", Number(read()), batch);
    await turn();
  }
  for (const fd of [to, from]) closeSync(fd);
  await once(child, "exit");
  socket.close();
  return [(elapsed * 1e6) / (batch * rounds), (used * 1e3) / (batch * rounds)];
}

/** Measures receiving, while a client sends as fast as it can. */
async function receiving(count) {
  const path = newPath();
  const first = Math.ceil(count / 10);
  const all = first + count;
  let received = 0;
  let begin;
  let before;
  const { promise, resolve } = withResolvers();
  const socket = require("unix-dgram").createSocket("unix_dgram", (message) => {
    if (message.length !== SIZE) throw new Error(`a message of ${message.length} bytes`);
    received++;
    if (received === first) {
      before = processorTime();
      begin = performance.now();
    } else if (received === all) resolve([performance.now() - begin, processorTime() - before]);
  });
  socket.bind(path);
  const child = await start("client", path, all);
  child.stdin.end("x");
  const [elapsed, used] = await promise;
  socket.close();
  return [(elapsed * 1e6) / count, (used * 1e3) / count];
}

function withResolvers() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}

/** Measures round trips between two sockets on one event loop. */
async function roundtrip(count) {
  const { createSocket } = require("unix-dgram");
  const [left, right] = [newPath(), newPath()];
  const next = payload();
  let missing = 0;
  let done;
  const far = createSocket("unix_dgram", (message, { path }) => far.send(message, 0, message.length, path));
  const near = createSocket("unix_dgram", () => {
    if (--missing === 0) done();
    else near.send(next(), 0, SIZE, right);
  });
  near.bind(left);
  far.bind(right);
  const result = await timed(count, (some) => {
    missing = some;
    return new Promise((resolve) => {
      done = resolve;
      near.send(next(), 0, SIZE, right);
    });
  });
  near.close();
  far.close();
  return result;
}

/** Measures hot-shots. `maxBufferSize` 0: each metric is a message. */
async function metrics(count, maxBufferSize, burst) {
  const StatsD = require("hot-shots");
  const path = newPath();
  const child = await start("server", path);
  const failures = [];
  const client = new StatsD({
    protocol: "uds",
    path,
    maxBufferSize,
    prefix: "example.service.",
    globalTags: { env: "production", region: "eu-west-1" },
    errorHandler: (error) => failures.push(error),
  });
  const names = inTurn(Array.from({ length: 16 }, (_, i) => `requests.route${i}.duration`));
  const result = await timed(count, async (some) => {
    for (let sent = 0; sent < some; ) {
      for (let i = 0; i < burst && sent < some; i++, sent++) client.timing(names(), sent % 1000);
      await turn();
      // hot-shots waits at least 100 ms before it sends again what met a full queue.
      while (client.messagesInFlight > 0) await pause(10);
    }
  });
  await new Promise((resolve) => client.close(resolve));
  const [, received] = await ended(child);
  if (failures.length > 0) throw failures[0];
  check("metrics received", received / COLONS, count + Math.ceil(count / 10));
  return result;
}

/** How many colons one metric has: one, and one in each of its two tags. */
const COLONS = 3;

const megabytes = (bytes) => bytes / 1e6;

/**
 * The program makes 3000 messages a second, and the server receives 1000 a second. "drop": the program makes 16,500 messages, and drops
 * each that finds no room in the queue. "wait": the program makes 5500 messages, and keeps each in a list until there is room.
 *
 * Returns how many percent of the messages arrived, how many milliseconds of processor time the program used each second, and by how
 * many megabytes its memory grew: both after four seconds, in which V8 compiles the code.
 */
async function overload(mode) {
  const path = newPath();
  const child = await start("server", path, 1000);
  const [socket, attempt] = withCallback(path);
  const total = mode === "drop" ? 16_500 : 5500;
  const waiting = [];
  let made = 0;
  let sent = 0;
  let isWaiting = false;
  const flush = async () => {
    if (isWaiting) return;
    isWaiting = true;
    while (waiting.length > 0) {
      const wait = attempt();
      if (wait !== undefined) await wait();
      else {
        waiting.pop();
        sent++;
      }
    }
    isWaiting = false;
  };
  const begin = performance.now();
  let measured;
  while (made < total || isWaiting) {
    const now = performance.now();
    if (now - begin > 4000)
      measured ??= { begin: now, memory: process.memoryUsage.rss(), before: processorTime() };
    const due = Math.min(total, Math.floor((now - begin) * 3));
    for (; made < due; made++) {
      if (mode === "wait") waiting.push(made);
      else if (attempt() === undefined) sent++;
    }
    if (mode === "wait") flush();
    await pause(10);
  }
  const elapsed = performance.now() - measured.begin;
  const used = processorTime() - measured.before;
  const grown = process.memoryUsage.rss() - measured.memory;
  const [received] = await ended(child);
  check("messages received", received, sent);
  socket.close();
  return [(received / total) * 100, used / elapsed, megabytes(grown)];
}

const stateOf = (pid) => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1][0];

async function stopped(child) {
  child.kill("SIGSTOP");
  while (stateOf(child.pid) !== "T") await turn();
}

/**
 * The server is stopped for a second, and continues. The program sends 1000 messages, and waits for "writable".
 *
 * Prints how much processor time was used in the second, how often "writable" came in it, and how many messages arrived.
 */
async function stoppedServer() {
  const path = newPath();
  const child = await start("server", path);
  const [socket, attempt] = withCallback(path);
  await sendAll(100, attempt);
  await stopped(child);
  const sending = sendAll(900, attempt);
  await pause(100);
  let events = 0;
  const count = () => events++;
  socket.on("writable", count);
  const before = processorTime();
  const begin = performance.now();
  await pause(1000);
  const used = (processorTime() - before) / (performance.now() - begin);
  socket.off("writable", count);
  const early = events;
  child.kill("SIGCONT");
  await within(5000, "writable", sending);
  const [received] = await ended(child);
  check("messages received", received, 1000);
  socket.close();
  return [used, early, received];
}

/**
 * The server ends while its queue is full. Prints how many milliseconds later "writable" came, and how much processor time the
 * program used in the half second after that.
 */
async function endedServer() {
  const path = newPath();
  const child = await start("server", path);
  const [socket, attempt] = withCallback(path);
  socket.on("error", () => {});
  await stopped(child);
  while (attempt() === undefined);
  const begin = performance.now();
  const writable = once(socket, "writable");
  child.kill("SIGKILL");
  await within(5000, "writable", writable);
  const delay = performance.now() - begin;
  let failure;
  socket.send(Buffer.alloc(SIZE), (error) => {
    failure = error;
  });
  if (failure?.errno !== -constants.errno.ECONNREFUSED) throw new Error(`not refused, but: ${failure}`);
  const before = processorTime();
  const later = performance.now();
  await pause(500);
  const used = (processorTime() - before) / (performance.now() - later);
  socket.close();
  return [delay, used];
}

async function within(milliseconds, what, promise) {
  const { promise: timeout, reject } = withResolvers();
  const timer = setTimeout(() => reject(new Error(`${what}: not in ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

const STARTS = 5;

/** Measures a process that loads the package, and sends one message. The least of several counts. */
async function startUp() {
  const path = newPath();
  const child = await start("server", path);
  const file = fileURLToPath(new URL("unix-dgram-start.cjs", import.meta.url));
  const runs = Array.from({ length: STARTS }, () => {
    const { stdout, status } = spawnSync(process.execPath, [file, join(packages, "program.cjs"), path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    check("status", status, 0);
    return stdout.split(" ").map(Number);
  });
  check("messages received", (await ended(child))[0], STARTS);
  return [0, 1].map((i) => Math.min(...runs.map((run) => run[i])));
}

await main({
  callback: (_packages, _server, count) => sending(Number(count), withCallback),
  event: (_packages, _server, count) => sending(Number(count), withoutCallback),
  path: (_packages, _server, count) => sending(Number(count), toPath),
  quiet: (_packages, _server, batch, rounds) => quiet(Number(batch), Number(rounds)),
  receive: (_packages, _server, count) => receiving(Number(count)),
  roundtrip: (_packages, _server, count) => roundtrip(Number(count)),
  metrics: (_packages, _server, count, ...sizes) => metrics(Number(count), ...sizes.map(Number)),
  overload: (_packages, _server, mode) => overload(mode),
  stopped: stoppedServer,
  ended: endedServer,
  start: startUp,
});
