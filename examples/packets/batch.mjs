// Many datagrams with few system calls. Each has a destination and a size of its own.
import { Socket } from "sendmsg";

const COUNT = 200;
const SLOTS = 64; // datagrams in a batch
const SIZE = 1500; // the most bytes of one datagram

const receivers = [];
for (let i = 0; i < 2; i++) receivers.push(await Socket.bind({ address: "127.0.0.1", port: 0 }));
const sender = await Socket.bind({ address: "127.0.0.1", port: 0 });

async function send() {
  const batch = sender.createBatch({ slots: SLOTS, size: SIZE });
  for (let i = 0; i < COUNT; i++) {
    const room = batch.room(); // the memory of the next datagram: what is written here is not copied
    room.writeUInt32LE(i);
    batch.push({ data: room.subarray(0, 4 + i), address: receivers[i % 2].getsockname() });
    if (batch.isFull) await flush(batch);
  }
  await flush(batch);
}

async function flush(batch) {
  while (batch.sent < batch.length) {
    try {
      await sender.sendBatch(batch); // waits for room in the send buffer
    } catch (error) {
      console.error(`datagram ${batch.sent}: ${error.message}`);
      batch.skip(); // the datagram that could not be sent; the others still go
    }
  }
  batch.clear(); // now its slots can be used again
}

/** Receives COUNT / 2 datagrams. Returns their numbers. */
async function receive(socket) {
  const numbers = [];
  // `batch` is the same object each time, and its memory is used again: copy what you keep.
  for await (const batch of socket.batches({ slots: SLOTS, size: SIZE })) {
    for (let i = 0; i < batch.length; i++) {
      if (batch.address(i).port !== sender.getsockname().port) continue; // a stranger's
      numbers.push(batch.data(i).readUInt32LE());
    }
    if (numbers.length === COUNT / 2) return numbers;
  }
}

try {
  const [even, odd] = await Promise.all([...receivers.map(receive), send()]);
  console.log(
    `${even.length} even numbers up to ${even.at(-1)}, ${odd.length} odd numbers up to ${odd.at(-1)}`,
  );
} finally {
  await Promise.all([...receivers, sender].map((socket) => socket.close()));
}
