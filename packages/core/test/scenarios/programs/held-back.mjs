// So many of a user's descriptors hang in close(2) that the library lets in no more of them. Meanwhile another socket of the
// same user sends bytes, and then a descriptor. `ulimit -n 1024` makes the bounds small.
//
//   node held-back.mjs TYPE
import { setTimeout as pause } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { close } from "sendmsg/syscalls";
import { sendLingering } from "./lingering.mjs";
import { descriptorTable, leftOver } from "./open-files.mjs";

const [type] = process.argv.slice(2);
const LINGER = 60;
/** More than an eighth of the limit. */
const COUNT = 150;

await Promise.all(socketpair().map((socket) => socket.close()));
const before = descriptorTable();
const [attacker, attacked] = socketpair();
const [a, b] = socketpair(type, { maxFds: 1 });
const peers = await sendLingering(attacker, COUNT, LINGER);
(await attacked.recvmsg())[Symbol.dispose]();

const receiving = async () => {
  const message = await b.recvmsg();
  const told = [String(message.data), message.fds.length];
  message[Symbol.dispose]();
  return told;
};
const within = (promise) => Promise.race([promise, pause(1000, "waits", { ref: false })]);
await a.sendmsg({ data: "bytes" });
const bytes = await within(receiving());
await a.sendmsg({ data: "descriptor", fds: [0] });
const waiting = receiving();
const descriptor = await within(waiting);
for (const peer of peers) close(peer);
const later = await within(waiting);
await Promise.all([attacker, attacked, a, b].map((socket) => socket.close()));
console.log(JSON.stringify({ bytes, descriptor, later, leftOver: await leftOver(before) }));
