// A test that directs several programs uses these cues: each program says that it is ready, begins when the test writes to its
// stdin, and ends when the test closes its stdin. If the test dies, the programs end, too.
import { once } from "node:events";

const begins = once(process.stdin, "data");
/** Settles when the test closes this program's stdin. */
export const end = once(process.stdin, "end");
process.stdin.pause();

/** Says that this program is ready, and waits until all programs are. */
export async function beginning() {
  console.log("ready");
  process.stdin.resume();
  await begins;
}
