const now = () => process.hrtime.bigint();

/**
 * Runs `once` so often and returns nanoseconds for one. A tenth of the work comes first and is not counted: it warms the
 * compiler and the memory.
 */
export async function timed(count, work) {
  await work(Math.ceil(count / 10));
  const start = now();
  await work(count);
  return Number(now() - start) / count;
}

/** Takes the elements of a list in turn, for ever. */
export function inTurn(list) {
  let next = 0;
  return () => {
    const element = list[next];
    next = next + 1 === list.length ? 0 : next + 1;
    return element;
  };
}

/** So many buffers of `size` bytes: a real program does not send one and the same for ever. */
export const buffers = (count, size) => Array.from({ length: count }, () => Buffer.alloc(size));

/** Microseconds of processor time that this process has used. */
export function processorTime() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs the task that the command line names, prints what it returns, and ends. */
export async function main(tasks) {
  const task = tasks[process.argv[2]];
  if (!task) throw new Error(`no such task: ${process.argv[2]}`);
  console.log([await task(...process.argv.slice(3))].flat().join(" "));
  process.exit();
}
