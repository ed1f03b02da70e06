// Leaves the loop over a socket's messages in every possible way, while the message has descriptors.
//
//   node --expose-gc consumer.mjs TYPE
import { setTimeout as pause } from "node:timers/promises";
import { Listener, Socket, socketpair } from "sendmsg";
import { descriptorTable, leftOver } from "./open-files.mjs";

const type = process.argv[2];
const warnings = [];
process.on("warning", ({ code }) => void warnings.push(code));
await Promise.all(socketpair().map((socket) => socket.close()));
await pause(10);
const before = descriptorTable();

const found = [];
const [sender, receiver] = socketpair(type, { maxFds: 3 });
for (const data of ["thrown", "left", "rejected", "returned", "next", "last"]) {
  await sender.sendmsg({ data, fds: [0, 1, 2] });
}
/** The message's text, and the number of its descriptors. */
const note = ({ data, fds }) => `${data} ${fds.length}`;

// These are functions because a variable of this module would hold the last message.
const ways = [
  async () => {
    for await (const message of receiver) {
      found.push(note(message));
      throw new Error("the consumer's own");
    }
  },
  async () => {
    for await (const message of receiver) {
      found.push(note(message));
      break;
    }
  },
  async () => {
    for await (const message of receiver) {
      await pause(1).then(() => Promise.reject(new Error(note(message))));
    }
  },
  async () => {
    for await (const message of receiver) return found.push(note(message));
  },
];
for (const leave of ways) {
  await leave().catch((error) => found.push(error.message));
}

// A loop that was left has consumed only the messages that it yielded.
const message = await receiver.recvmsg();
found.push(note(message), receiver.closed);
message[Symbol.dispose]();

// A throw while the loop waits: the wait ends with the socket.
const waiting = (async () => {
  for await (const message of receiver) {
    found.push(note(message));
    message[Symbol.dispose]();
  }
  return "ended";
})();
await pause(5);
await Promise.all([sender.close(), receiver.close()]);
found.push(await waiting);

// The same with the connections of a listener.
if (type !== "dgram") {
  const address = { family: "unix", abstract: `sendmsg-consumer-${process.pid}` };
  const listener = await Listener.listen(address, { type });
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await Socket.connect(address, { type }));
  try {
    for await (const connection of listener) {
      clients.push(connection);
      throw new Error("refused by the consumer");
    }
  } catch (error) {
    found.push(error.message);
  }
  for await (const connection of listener) {
    clients.push(connection);
    break;
  }
  clients.push(await listener.accept());
  found.push(clients.length, listener.closed);
  await Promise.all([listener, ...clients].map((one) => one.close()));
}

for (let i = 0; i < 100; i++) {
  globalThis.gc();
  await pause(5);
  if (warnings.length >= 12) break;
}
const left = await leftOver(before);
console.log(JSON.stringify({ found, warnings: warnings.length, leftOver: left }));
