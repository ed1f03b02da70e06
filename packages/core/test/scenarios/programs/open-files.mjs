// What this process has open, for programs that account for it.
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { closeSync, fstatSync, openSync } from "../../support/files.mjs";

// Bun duplicates stderr, and Deno makes the sockets by which it hears of signals, when they are first needed.
process.stderr.write("");
if ("Deno" in globalThis) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");

/** A process that has become another user cannot list its descriptors on every kernel; these numbers are tried then. */
const TRIED = Array.from({ length: 1024 }, (_, number) => number);

function numbers() {
  try {
    return readdirSync("/proc/self/fd");
  } catch (error) {
    if (error.code !== "EACCES") throw error;
    return TRIED;
  }
}

/** What each descriptor is, by device and inode: "20 8:4711". */
export function descriptorTable() {
  const table = [];
  for (const number of numbers()) {
    try {
      const { dev, ino } = fstatSync(Number(number));
      table.push(`${number} ${dev}:${ino}`);
    } catch {
      // The descriptor that the listing itself was read from.
    }
  }
  return table;
}

const isEventLoops = (entry) =>
  /event(fd|poll)/.test(readlinkSync(`/proc/self/fd/${Number.parseInt(entry, 10)}`));

/**
 * The descriptors that are open now and were not before, once those that are being closed are closed. Deno keeps the event
 * loops (an epoll and an eventfd descriptor of tokio's) of workers that have ended: so many are not counted.
 */
export async function leftOver(before, { eventLoops = 0 } = {}) {
  let left = [];
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      left = descriptorTable().filter((entry) => !before.includes(entry));
      const kept = "Deno" in globalThis ? left.filter(isEventLoops).slice(0, 2 * eventLoops) : [];
      left = left.filter((entry) => !kept.includes(entry));
    } catch (error) {
      // So many are open still that the listing itself cannot be opened.
      left = [error.code];
    }
    if (left.length === 0) break;
    await pause(10);
  }
  return left;
}

/** Opens files until only `spare` more can be opened. Returns what closes them. */
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
