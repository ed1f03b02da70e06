import { createSocket } from "node:dgram";
import { once } from "node:events";
import { buffers, inTurn, main, timed, timedTwice } from "./timing.mjs";

const PAIRS = 4;

/** Sends datagrams, one at a time: the receiver of one makes the next socket send to its partner. */
async function udp(connected) {
  const sockets = [];
  for (let i = 0; i < PAIRS; i++) {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    sockets.push(socket);
  }
  const partners = sockets.map((_, i) => sockets[i ^ 1].address().port);
  if (connected) {
    for (const [i, socket] of sockets.entries()) {
      socket.connect(partners[i], "127.0.0.1");
      await once(socket, "connect");
    }
  }
  const data = inTurn(buffers(16, 1200));
  const sender = inTurn([...sockets.keys()]);
  let left = 0;
  let done;
  const send = () => {
    const i = sender();
    if (connected) sockets[i].send(data());
    else sockets[i].send(data(), partners[i], "127.0.0.1");
  };
  for (const socket of sockets) {
    socket.on("message", (message) => {
      if (message.length !== 1200) throw new Error("wrong");
      if (--left > 0) send();
      else done();
    });
  }
  return timed(30_000, (count) => {
    left = count;
    return new Promise((resolve) => {
      done = resolve;
      send();
    });
  });
}

/** Sends that many datagrams, then waits until all of them have arrived. */
async function batches(slots) {
  const receiver = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  const sender = createSocket("udp4");
  sender.connect(receiver.address().port, "127.0.0.1");
  await once(sender, "connect");
  const data = inTurn(buffers(16, 1200));
  let left = 0;
  let done;
  receiver.on("message", (message) => {
    if (message.length !== 1200) throw new Error("wrong");
    if (--left === 0) done();
  });
  const exchange = () => {
    left = slots;
    for (let i = 0; i < slots; i++) sender.send(data());
    return new Promise((resolve) => {
      done = resolve;
    });
  };
  return timedTwice(Math.ceil(30_000 / slots) * slots, async (count) => {
    for (let sent = 0; sent < count; sent += slots) await exchange();
  });
}

await main({
  "udp-addressed": () => udp(false),
  "udp-connected": () => udp(true),
  "batch-1": () => batches(1),
  "batch-8": () => batches(8),
  "batch-64": () => batches(64),
  "batch-256": () => batches(256),
  offload: () => batches(48),
});
