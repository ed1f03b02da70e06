import { readdirSync, readlinkSync } from "node:fs";
import { isDeno } from "../../src/runtime.js";

// Deno makes the sockets by which it hears of signals when it first needs them.
if (isDeno) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");

/** The number of each open descriptor of this process, and what it is: "socket:[4711]". */
function entries(): [number: string, link: string][] {
  return readdirSync("/proc/self/fd").flatMap((number): [string, string][] => {
    try {
      return [[number, readlinkSync(`/proc/self/fd/${number}`)]];
    } catch {
      // The descriptor that the listing itself was read from.
      return [];
    }
  });
}

const early = entries().map(([, link]) => link);
const denosSockets = new Set(isDeno ? early.filter((link) => link.startsWith("socket:")) : []);

/** What Deno opens, duplicates and closes for its workers as it likes, some time after their end. */
const isDenosOwn = (link: string): boolean =>
  isDeno && (/^anon_inode:\[event(fd|poll)\]$/.test(link) || denosSockets.has(link));

/** What each open descriptor of this process is: "20 socket:[4711]". */
export function descriptorTable(): string[] {
  return entries()
    .filter(([, link]) => !isDenosOwn(link))
    .map((entry) => entry.join(" "));
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return descriptorTable().length;
}
