// Sends and receives descriptors in batches near the limit of open files (`ulimit -n`). Reports what happened.
//
//   node batch-descriptors.mjs TYPE
import { readdirSync } from "node:fs";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { binding } from "../../../dist/native/load.js";
import { descriptorTable, leftOver } from "./open-files.mjs";

const [type] = process.argv.slice(2);
const MOST = 253;
const MESSAGES = 64;

await Promise.all(socketpair().map((socket) => socket.close()));
await pause(10);
const before = descriptorTable();
const found = {};

/** Sends messages one by one, while `receive` gets them in batches. */
async function exchange(fds, maxFds, take) {
  const [a, b] = socketpair(type, { maxFds });
  const batch = b.createBatch({ slots: MESSAGES, size: 16 });
  const sending = (async () => {
    for (let i = 0; i < MESSAGES; i++) await a.sendmsg({ data: `m${i}`, fds: new Array(fds).fill(0) });
  })();
  const got = [];
  let most = 0;
  while (got.length < MESSAGES) {
    const count = await b.recvBatch(batch);
    most = Math.max(most, readdirSync("/proc/self/fd").length);
    for (let i = 0; i < count; i++) {
      if (!take) {
        got.push([batch.data(i).toString(), batch.message(i).droppedFds]);
        continue;
      }
      const message = batch.message(i);
      got.push([message.data.toString(), message.fds.length, message.droppedFds]);
      message[Symbol.dispose]();
    }
    await turn();
  }
  await sending;
  await Promise.all([a.close(), b.close()]);
  return { got, most };
}

let offLoop = 0;
const native = binding();
const { startReceive } = native;
native.startReceive = (...args) => {
  offLoop++;
  return startReceive(...args);
};

const { got, most } = await exchange(MOST, MOST, true);
found.inOrder = got.every(([data], i) => data === `m${i}`) && got.length === MESSAGES;
found.fds = got.reduce((sum, [, fds]) => sum + fds, 0);
found.dropped = got.reduce((sum, [, , dropped]) => sum + dropped, 0);
found.most = most;
found.refused = (await exchange(3, 0, true)).got.reduce((sum, [, , dropped]) => sum + dropped, 0);

console.log(JSON.stringify({ found, offLoop, leftOver: await leftOver(before) }));
