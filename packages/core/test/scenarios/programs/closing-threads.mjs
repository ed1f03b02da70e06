// Receives hanging descriptors of several users, and reports how many threads are in close(2) at the same time.
//
//   node closing-threads.mjs COUNT [UID…]
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { close } from "sendmsg/syscalls";
import { binding } from "../../../dist/native/load.js";
import { sendLingering } from "./lingering.mjs";
import { descriptorTable, leftOver } from "./open-files.mjs";

const CLOSE = { x64: 3, ia32: 6, arm64: 57 }[process.arch];
const LINGER = 60;
const [count, ...uids] = process.argv.slice(2).map(Number);

/** The number of threads in close(2): proc_pid_syscall(5). */
function closing() {
  const calls = readdirSync("/proc/self/task").map((task) => {
    try {
      return Number.parseInt(readFileSync(`/proc/self/task/${task}/syscall`, "latin1"), 10);
    } catch {
      return -1;
    }
  });
  return calls.filter((call) => call === CLOSE).length;
}

/** The number of threads once it no longer grows. */
async function settled() {
  let [most, still] = [0, 0];
  while (still++ < 20) {
    const now = closing();
    if (now > most) [most, still] = [now, 0];
    await pause(20);
  }
  return most;
}

await Promise.all(socketpair().map((socket) => socket.close()));
const before = descriptorTable();
// The kernel records the user when a socket is made: SO_PEERCRED, unix(7). So the sockets are made first: a change of user
// interrupts all threads, even in close(2).
const own = process.geteuid();
const pairs = (uids.length > 0 ? uids : [own]).map((uid) => {
  if (uid !== own) process.seteuid(uid);
  const pair = socketpair();
  if (uid !== own) process.seteuid(own);
  return pair;
});
const peers = [];
const threads = [];
for (const [sender, receiver] of pairs) {
  peers.push(...(await sendLingering(sender, count, LINGER)));
  await receiver.recvmsg();
  threads.push(await settled());
}
const waiting = binding().closing();
for (const peer of peers) close(peer);
await Promise.all(pairs.flat().map((socket) => socket.close()));
console.log(JSON.stringify({ threads, waiting, leftOver: await leftOver(before) }));
