// Serves strangers and honest peers at the same time, and reports its delays.
//
//   node victim.mjs PLAN     (JSON: see `Victim` in hostile.test.ts)
//
// It listens at two abstract addresses: NAME for strangers, NAME-honest for honest peers.
import { setTimeout as pause } from "node:timers/promises";
import { FileDescriptor, Listener, Socket } from "sendmsg";
import { binding } from "../../../dist/native/load.js";
import { closeSync, openSync, readSync } from "../../support/files.mjs";
import { beginning, end } from "./cues.mjs";
import { bystander, largestDelay } from "./delay.mjs";
import { exhaust } from "./open-files.mjs";

const plan = JSON.parse(process.argv[2]);
const { name, type = "stream", maxFds = 0, scene = "receive" } = plan;
const strangers = { messages: 0, bytes: 0, fds: 0, dropped: 0, truncated: 0, connections: 0, errors: [] };
const honest = { received: 0, descriptors: 0, wrong: [] };
const files = { opened: 0, refused: 0 };

let beginReading;
const reading = new Promise((resolve) => {
  beginReading = resolve;
});

async function receive(socket) {
  await reading;
  try {
    for await (const message of socket) {
      strangers.messages++;
      strangers.bytes += message.data.length;
      strangers.fds += message.fds.length;
      strangers.dropped += message.droppedFds;
      if (message.controlTruncated) strangers.truncated++;
      // The library closes a descriptor that was detached and adopted like the program's own.
      if (plan.adopts) for (const fd of message.takeFds()) FileDescriptor.adopt(fd.detach()).close();
      message[Symbol.dispose]();
    }
  } catch (error) {
    strangers.errors.push(error.code ?? error.message);
  }
}

async function listenToStrangers() {
  const at = { family: "unix", abstract: name };
  if (type === "dgram") {
    receive(await Socket.bind(at, { type, maxFds }));
    return;
  }
  const listener = await Listener.listen(at, { type, maxFds, backlog: 100 });
  (async () => {
    for await (const socket of listener) receive(socket);
  })();
}

/** Each prepares its scene, and returns the function that is called when all begin. */
const scenes = {
  async receive() {
    await listenToStrangers();
    return () => {};
  },

  /** The program itself has opened files up to its limit. */
  async full() {
    await listenToStrangers();
    return () => exhaust(plan.spare);
  },

  /** Sends requests to a peer, and never reads an answer. */
  async ask() {
    const socket = await Socket.bind({ family: "unix", abstract: name }, { type: "dgram" });
    return async () => {
      await socket.connect({ family: "unix", abstract: `${name}-peer` });
      for (let asked = 0; asked < 100; asked++) {
        socket.sendmsg({ data: "question" }).then(
          () => void strangers.messages++,
          (error) => void strangers.errors.push(error.code ?? error.message),
        );
        await pause(10);
      }
    };
  },

  /** Accepts at a listener that a stranger shares. */
  async accept() {
    const listener = Listener.from(3);
    return async () => {
      try {
        for await (const socket of listener) {
          strangers.connections++;
          socket.close();
        }
      } catch (error) {
        strangers.errors.push(error.code ?? error.message);
      }
    };
  },
};

/** Checks that each message comes with its descriptor, which is open and has the right file. */
async function serveHonest(socket) {
  const text = Buffer.alloc(16);
  for await (const message of socket) {
    const { data, fds } = message;
    const number = String(honest.received++);
    const contents = fds.map(({ fd }) => text.toString("latin1", 0, readSync(fd, text, 0, text.length, 0)));
    const seen = [String(data), ...contents];
    const meant = [number, ...new Array(plan.honestFds).fill(number)];
    if (seen.join() === meant.join()) honest.descriptors += fds.length;
    else if (honest.wrong.length < 5)
      honest.wrong.push(`${seen} for ${meant}${message.controlTruncated ? ", cut" : ""}`);
    for (const fd of fds) fd.close();
  }
}

/** Opens and closes files, 1,000 in `milliseconds`. */
async function openFiles(milliseconds) {
  const from = performance.now();
  while (files.opened + files.refused < 1000) {
    const due = ((performance.now() - from) / milliseconds) * 1000;
    while (files.opened + files.refused < Math.min(due, 1000)) {
      try {
        closeSync(openSync("/dev/null", "r"));
        files.opened++;
      } catch {
        files.refused++;
      }
    }
    await pause(1);
  }
}

const act = await scenes[scene]();
const honestListener = await Listener.listen(
  { family: "unix", abstract: `${name}-honest` },
  { type: "seqpacket", maxFds: 1 },
);
const served = honestListener.accept().then(serveHonest);
const other = await bystander();
await beginning();

let opening;
/** A thread's receive or send completes once the attacker lets go. */
async function arrival(what) {
  while (Number(strangers[what].length ?? strangers[what]) === 0) await pause(5);
}
const arrived = plan.awaits && arrival(plan.awaits);
const done = end.then(() => Promise.race([Promise.all([served, opening, arrived]), pause(plan.patience)]));
await other.begin();
const watching = largestDelay(done);
act();
setTimeout(beginReading, plan.busy ?? 0);
if (plan.opens) opening = openFiles(plan.opens);
const { largest, starved } = await watching;
const noise = await other.end();
const native = binding();
const closing = native.closing();
console.log(JSON.stringify({ largest, starved, noise, closing, strangers, honest, files }));
process.exit();
