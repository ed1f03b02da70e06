// How a test leads several programs: each says that it is ready, begins when the test writes to its stdin, and ends when the
// test ends its stdin. If the test dies, they end too.
import { once } from "node:events";

const begins = once(process.stdin, "data");
/** Settles when this program is to end. */
export const end = once(process.stdin, "end");
process.stdin.pause();

/** Says that this program is ready, and waits until all are. */
export async function beginning() {
  console.log("ready");
  process.stdin.resume();
  await begins;
}
