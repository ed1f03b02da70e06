// Reports the descriptors that it has inherited, besides the standard ones and those that Node itself opens.
import { readdirSync, readlinkSync } from "node:fs";

const files = [];
for (const number of readdirSync("/proc/self/fd")) {
  try {
    files.push(readlinkSync(`/proc/self/fd/${number}`));
  } catch {
    // This was the descriptor from which the listing was read.
  }
}
console.log(JSON.stringify(files));
