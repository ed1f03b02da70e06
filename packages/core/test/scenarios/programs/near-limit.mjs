// Receives so near the limit of open files (`ulimit -n`) that a thread must receive. Reports the results.
//
//   node near-limit.mjs TYPE
import { closeSync, openSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { binding } from "../../../dist/native/load.js";
import { descriptorTable, leftOver } from "./open-files.mjs";

const [type] = process.argv.slice(2);
const isStream = type === "stream";

const native = binding();
let offLoop = 0;
const { startReceive } = native;
native.startReceive = (...args) => {
  offLoop++;
  return startReceive(...args);
};

const told = ({ data, fds, droppedFds, truncated }) => [String(data), fds.length, droppedFds, truncated];

/** Describes each message in short, and disposes of it. */
function tell(...messages) {
  const all = messages.map(told);
  for (const message of messages) message[Symbol.dispose]();
  return all;
}

const cases = {
  /** Descriptors come with their bytes, in order. */
  async order(a, b) {
    const got = [];
    const wanted = [];
    for (let i = 0; i < 60; i++) {
      const count = i % 3;
      wanted.push([`${i};`, count, 0, false]);
      const sending = a.sendmsg({ data: `${i};`, fds: new Array(count).fill(0) });
      if (i % 7 === 0) await turn();
      got.push(...tell(await b.recvmsg()));
      await sending;
    }
    return JSON.stringify(got) === JSON.stringify(wanted) ? "in order" : got;
  },

  async waiting(a, b) {
    const waits = [b.recvmsg(), b.recvmsg(), b.recvmsg()];
    for (const data of ["1", "2", "3"]) await a.sendmsg({ data, fds: [0] });
    return tell(...(await Promise.all(waits)));
  },

  async buffers(a, b) {
    await a.sendmsg({ data: "abcdef", fds: [0, 0] });
    const buffers = [Buffer.alloc(2), Buffer.alloc(8)];
    const found = tell(await b.recvmsg({ buffers }));
    return [...found, buffers.join("|").replaceAll("\0", ".")];
  },

  async peek(a, b) {
    await a.sendmsg({ data: "seen", fds: [0, 0] });
    const peeked = await b.recvmsg({ flags: 2 });
    return tell(peeked, await b.recvmsg());
  },

  /** A receive that is aborted during the thread's call consumes nothing. */
  async aborted(a, b) {
    await a.sendmsg({ data: "kept", fds: [0, 0] });
    const aborting = new AbortController();
    const aborted = b.recvmsg({ signal: aborting.signal }).catch(({ code }) => code);
    aborting.abort();
    const code = await aborted;
    return [code, ...tell(await b.recvmsg())];
  },

  /** The next receive has a smaller maxFds. */
  async less(a, b) {
    await a.sendmsg({ data: "kept", fds: [0, 0] });
    const aborting = new AbortController();
    const aborted = b.recvmsg({ signal: aborting.signal }).catch(({ code }) => code);
    aborting.abort();
    await aborted;
    const found = tell(await b.recvmsg({ size: 1, maxFds: 1 }));
    if (isStream) found.push(...tell(await b.recvmsg()));
    return found;
  },

  /** The next receive has a larger maxFds. */
  async more(a, b) {
    await a.sendmsg({ data: "kept", fds: [0, 0] });
    const aborting = new AbortController();
    const little = { size: isStream ? 9 : 1, maxFds: 0, signal: aborting.signal };
    const aborted = b.recvmsg(little).catch(({ code }) => code);
    aborting.abort();
    await aborted;
    return tell(await b.recvmsg());
  },

  /** A peek at a message that a thread has received needs more descriptors, but none are left. */
  async peekInVain(a, b) {
    await a.sendmsg({ data: "kept", fds: [0, 0] });
    const aborting = new AbortController();
    const aborted = b.recvmsg({ signal: aborting.signal }).catch(({ code }) => code);
    aborting.abort();
    await aborted;
    while (native.closing() > 0) await turn();
    await turn();
    const files = [];
    try {
      for (;;) files.push(openSync("/dev/null"));
    } catch {}
    closeSync(files.pop());
    const code = await b.recvmsg({ flags: 2 }).catch((error) => error.code);
    for (const file of files) closeSync(file);
    return [code, ...tell(await b.recvmsg())];
  },

  /** The peer has closed with unread data. */
  async reset(a, b) {
    if (type === "dgram") return "there is no connection";
    await b.sendmsg({ data: "unread" });
    await a.close();
    return b.recvmsg().then(tell, ({ code }) => code);
  },

  async polling(a, b) {
    await a.sendmsg({ data: "polled", fds: [0] });
    for (;;) {
      const message = b.tryRecvmsg();
      if (message) return tell(message);
      await turn();
    }
  },

  async closed(a, b) {
    await a.sendmsg({ data: "never", fds: [0, 0] });
    const waiting = b.recvmsg().catch(({ code }) => code);
    const closing = b.close();
    const code = await waiting;
    await closing;
    return [code];
  },

  async detached(a, b) {
    await a.sendmsg({ data: "here", fds: [0] });
    const waiting = b.recvmsg();
    let code;
    try {
      b.detach();
    } catch (error) {
      code = error.code;
    }
    const found = [code, ...tell(await waiting)];
    b.detach().close();
    return found;
  },

  /** A message without descriptors needs no thread. */
  async bytes(a, b) {
    await a.sendmsg({ data: "bytes" });
    const alone = offLoop;
    return [...tell(await b.recvmsg()), offLoop - alone];
  },
};

await Promise.all(socketpair().map((socket) => socket.close()));
const before = descriptorTable();
const reports = {};
for (const [name, find] of Object.entries(cases)) {
  offLoop = 0;
  const [a, b] = socketpair(type, { maxFds: 253 });
  const found = await find(a, b);
  await Promise.all([a.close(), b.close()]);
  reports[name] = { found, offLoop, leftOver: await leftOver(before) };
}
console.log(JSON.stringify(reports));
