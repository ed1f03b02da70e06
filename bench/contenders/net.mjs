import { once } from "node:events";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { library } from "./library.mjs";
import { buffers, inTurn, main, processorTime, timed, timedWithServer } from "./timing.mjs";

const PAIRS = 4;
const payload = () => inTurn(buffers(16, 64));

/** Two connected net.Sockets. Node has no socketpair(2), so the library makes them. After that, it is not involved. */
async function pair() {
  const { socketpair } = await library();
  return socketpair().map((socket) => socket.toNet());
}

/** Makes `count` round trips, over each of the sockets in turn. */
function roundtrips(sockets, count) {
  const next = inTurn(sockets);
  const data = payload();
  return new Promise((resolve) => {
    let left = count;
    const goOn = () => {
      if (left-- > 0) next().write(data());
      else resolve();
    };
    for (const socket of sockets) socket.removeAllListeners("data").on("data", goOn);
    goOn();
  });
}

async function roundtrip() {
  const lefts = [];
  for (let i = 0; i < PAIRS; i++) {
    const [left, right] = await pair();
    right.on("data", (data) => right.write(data));
    lefts.push(left);
  }
  return timed(30_000, (count) => roundtrips(lefts, count));
}

/** The other process of `processes`. It answers, and prints the processor time that each connection took. */
function server() {
  createServer((peer) => {
    const before = processorTime();
    peer.on("data", (data) => peer.write(data));
    peer.on("close", () => console.log(processorTime() - before));
  }).listen({ path: `\0sendmsg-bench-${process.ppid}` }, () => console.log("ready"));
  return new Promise(() => {});
}

async function connected() {
  const socket = connect({ path: `\0sendmsg-bench-${process.pid}` });
  await once(socket, "connect");
  return socket;
}

const processes = () =>
  timedWithServer(fileURLToPath(import.meta.url), {
    connect: connected,
    roundtrips: (socket, count) => roundtrips([socket], count),
    close: (socket) => socket.destroy(),
  });

/** Makes round trips while `waiting` other sockets wait. */
async function crowd(waiting) {
  for (let i = 0; i < waiting / 2; i++) for (const socket of await pair()) socket.on("data", () => {});
  return roundtrip();
}

await main({ roundtrip, processes, server, crowd });
