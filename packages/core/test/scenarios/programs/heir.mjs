// Says which descriptors it was born with, besides its standard ones and those that Node itself makes.
import { readdirSync, readlinkSync } from "node:fs";

const files = [];
for (const number of readdirSync("/proc/self/fd")) {
  try {
    files.push(readlinkSync(`/proc/self/fd/${number}`));
  } catch {
    // The descriptor that the listing itself was read from.
  }
}
console.log(JSON.stringify(files));
