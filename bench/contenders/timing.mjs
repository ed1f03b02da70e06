import { spawn } from "node:child_process";
import { once } from "node:events";

const now = () => process.hrtime.bigint();

/**
 * Makes `work` repeat something `count` times. Returns the nanoseconds for one. A tenth of the work comes first and is not counted:
 * it warms up the compiler and the memory.
 */
export async function timed(count, work) {
  await work(Math.ceil(count / 10));
  const start = now();
  await work(count);
  return Number(now() - start) / count;
}

/**
 * Like {@link timed}, for work that never waits. Returns two values: the elapsed time, and the processor time of this process, which
 * other programs on the machine hardly change.
 */
export async function timedTwice(count, work) {
  let used;
  const elapsed = await timed(count, async (all) => {
    const before = processorTime();
    await work(all);
    used = processorTime() - before;
  });
  return [elapsed, (used * 1000) / count];
}

/** Returns the elements of a list in turn, again and again. */
export function inTurn(list) {
  let next = 0;
  return () => {
    const element = list[next];
    next = next + 1 === list.length ? 0 : next + 1;
    return element;
  };
}

/** Makes `count` buffers of `size` bytes, because a real program does not always send the same one. */
export const buffers = (count, size) => Array.from({ length: count }, () => Buffer.alloc(size));

/** How many microseconds of processor time this process has used. */
export function processorTime() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Measures round trips with a server in another process, which runs `file` with the task "server". The server prints a line when it
 * is ready, and after each connection the processor time that it has used for it. Returns the nanoseconds for one round trip: the
 * elapsed time, and the processor time of both processes.
 *
 * @param connect Connects to the server of this process.
 * @param roundtrips Makes round trips over the connection.
 * @param close Ends the connection.
 */
export async function timedWithServer(file, { connect, roundtrips, close }) {
  const server = spawn(process.execPath, [file, "server"], { stdio: ["ignore", "pipe", "inherit"] });
  server.stdout.setEncoding("utf8");
  await once(server.stdout, "data");
  const run = async (count) => {
    const socket = await connect();
    const before = processorTime();
    const start = now();
    await roundtrips(socket, count);
    const elapsed = Number(now() - start);
    const used = processorTime() - before;
    close(socket);
    const [theirs] = await once(server.stdout, "data");
    return [elapsed / count, ((used + Number(theirs)) * 1000) / count];
  };
  await run(3_000);
  const result = await run(30_000);
  server.kill();
  return result;
}

/** Runs the task that the command line names, prints its result, and ends. */
export async function main(tasks) {
  const task = tasks[process.argv[2]];
  if (!task) throw new Error(`no such task: ${process.argv[2]}`);
  console.log([await task(...process.argv.slice(3))].flat().join(" "));
  process.exit();
}
