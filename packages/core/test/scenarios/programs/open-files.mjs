// Lists the open descriptors of this process, for programs that report them.
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { closeSync, fstatSync, openSync } from "../../support/files.mjs";

// Bun duplicates stderr, and Deno opens its sockets for signals, when they are first needed.
process.stderr.write("");
if ("Deno" in globalThis) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");

/** On some kernels, a process that has become another user can't list its descriptors. Then these numbers are tried. */
const TRIED = Array.from({ length: 1024 }, (_, number) => number);

function numbers() {
  try {
    return readdirSync("/proc/self/fd");
  } catch (error) {
    if (error.code !== "EACCES") throw error;
    return TRIED;
  }
}

/** Each descriptor with its device and inode: "20 8:4711". */
export function descriptorTable() {
  const table = [];
  for (const number of numbers()) {
    try {
      const { dev, ino } = fstatSync(Number(number));
      table.push(`${number} ${dev}:${ino}`);
    } catch {
      // This was the descriptor from which the listing was read.
    }
  }
  return table;
}

const isEventLoops = (entry) =>
  /event(fd|poll)/.test(readlinkSync(`/proc/self/fd/${Number.parseInt(entry, 10)}`));

/**
 * The descriptors that were opened since, once the closing threads are done. Deno keeps an epoll and an eventfd descriptor of
 * tokio for each worker that has ended: this many are not counted.
 */
export async function leftOver(before, { eventLoops = 0 } = {}) {
  let left = [];
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      left = descriptorTable().filter((entry) => !before.includes(entry));
      const kept = "Deno" in globalThis ? left.filter(isEventLoops).slice(0, 2 * eventLoops) : [];
      left = left.filter((entry) => !kept.includes(entry));
    } catch (error) {
      // So many descriptors are open that the listing can't be opened.
      left = [error.code];
    }
    if (left.length === 0) break;
    await pause(10);
  }
  return left;
}

/** Opens files until only `spare` more can be opened. Returns the function that closes them. */
export function exhaust(spare) {
  const fds = [];
  for (;;) {
    try {
      fds.push(openSync("/dev/null", "r"));
    } catch (error) {
      if (error.code !== "EMFILE") throw error;
      break;
    }
  }
  for (const fd of fds.splice(0, spare)) closeSync(fd);
  return () => fds.splice(0).forEach((fd) => void closeSync(fd));
}
