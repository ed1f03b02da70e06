// Receives and sends up to 64 datagrams with one system call.
import { Socket } from "sendmsg";

const SLOTS = 64; // datagrams in a batch
const SIZE = 1500; // the most bytes of one datagram

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 });
receiver.options.set("rcvBuf", 1 << 20);
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });

/** Sends all texts in order. */
async function send(texts) {
  const batch = sender.createBatch({ slots: SLOTS, size: SIZE });
  for (const text of texts) {
    batch.push({ data: text }); // copies it to the batch
    if (batch.isFull) await flush(batch);
  }
  await flush(batch);
}

async function flush(batch) {
  // This waits for room in the send buffer. If a datagram can't be sent, those before it have gone, and the next call rejects.
  while (batch.sent < batch.length) await sender.sendBatch(batch);
  batch.clear();
}

try {
  const texts = Array.from({ length: 200 }, (_, i) => `datagram ${i}`);
  const sending = send(texts);
  const from = new Set();
  let received = 0;
  for await (const batch of receiver.batches({ slots: SLOTS, size: SIZE })) {
    for (let i = 0; i < batch.length; i++) {
      // The next batch uses the same memory. batch.message(i) is a copy that you can keep.
      if (`${batch.data(i)}` !== texts[received++]) throw new Error("out of order");
      from.add(batch.address(i).address);
    }
    if (received === texts.length) break;
  }
  await sending;
  console.log(`${received} datagrams from ${[...from]}`);
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
