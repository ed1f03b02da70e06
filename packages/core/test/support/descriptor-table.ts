import { readdirSync, readlinkSync } from "node:fs";
import { isDeno } from "../../src/runtime.js";

// Deno opens its sockets for signals when it first needs them. This opens them now.
if (isDeno) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");

/** The number of each open descriptor of this process, and its file: "socket:[4711]". */
function entries(): [number: string, link: string][] {
  return readdirSync("/proc/self/fd").flatMap((number): [string, string][] => {
    try {
      return [[number, readlinkSync(`/proc/self/fd/${number}`)]];
    } catch {
      // This was the descriptor from which the listing was read.
      return [];
    }
  });
}

const early = entries().map(([, link]) => link);
const denosSockets = new Set(isDeno ? early.filter((link) => link.startsWith("socket:")) : []);

/** Whether it is one of the descriptors that Deno opens, duplicates and closes for its workers, some time after their end. */
const isDenosOwn = (link: string): boolean =>
  isDeno && (/^anon_inode:\[event(fd|poll)\]$/.test(link) || denosSockets.has(link));

/** Each open descriptor of this process with its file: "20 socket:[4711]". */
export function descriptorTable(): string[] {
  return entries()
    .filter(([, link]) => !isDenosOwn(link))
    .map((entry) => entry.join(" "));
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return descriptorTable().length;
}
