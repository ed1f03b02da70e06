// Many datagrams with one system call. Each has a destination and a size of its own.
import { Socket } from "sendmsg";

const COUNT = 64;

const receivers = [];
for (let i = 0; i < 2; i++) receivers.push(await Socket.bind({ address: "127.0.0.1", port: 0 }));
const sender = await Socket.bind({ address: "127.0.0.1", port: 0 });

/** Receives COUNT / 2 datagrams. Returns their numbers. */
async function receive(socket) {
  const numbers = [];
  // `batch` is the same object each time, and its memory is used again: copy what you keep.
  for await (const batch of socket.batches({ slots: COUNT, size: 1500 })) {
    for (let i = 0; i < batch.length; i++) numbers.push(batch.data(i).readUInt32LE());
    if (numbers.length === COUNT / 2) return numbers;
  }
}

try {
  const batch = sender.createBatch({ slots: COUNT, size: 1500 });
  for (let i = 0; i < COUNT; i++) {
    const room = batch.room(); // the memory of the next datagram: what is written here is not copied
    room.writeUInt32LE(i);
    batch.push({ data: room.subarray(0, 4 + i), address: receivers[i % 2].getsockname() });
  }
  while (batch.sent < batch.length) {
    try {
      await sender.sendBatch(batch);
    } catch (error) {
      console.error(`datagram ${batch.sent}: ${error.message}`);
      batch.skip(); // the datagram that could not be sent; the others still go
    }
  }
  const [even, odd] = await Promise.all(receivers.map(receive));
  console.log(
    `${even.length} even numbers up to ${even.at(-1)}, ${odd.length} odd numbers up to ${odd.at(-1)}`,
  );
} finally {
  await Promise.all([...receivers, sender].map((socket) => socket.close()));
}
