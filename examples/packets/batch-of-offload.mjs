// Many datagrams to several destinations: a batch that has one long message for each destination, and the kernel cuts each of them.
import { Socket } from "sendmsg";

const SIZE = 1200;
const EACH = 10;
const DESTINATIONS = 4;
const LOOPBACK = { address: "127.0.0.1", port: 0 };

const receivers = [];
for (let i = 0; i < DESTINATIONS; i++) receivers.push(await Socket.bind(LOOPBACK, { receive: ["udpGro"] }));
const sender = await Socket.bind(LOOPBACK);

/** Receives EACH datagrams. Returns the sum of their bytes. */
async function receive(socket) {
  let datagrams = 0;
  let bytes = 0;
  for await (const batch of socket.batches({ slots: 4, size: 65_536 })) {
    for (let i = 0; i < batch.length; i++) {
      for (const datagram of batch.segments(i)) {
        datagrams++;
        bytes += datagram.length;
      }
    }
    if (datagrams === EACH) return bytes;
  }
}

try {
  const batch = sender.createBatch({ slots: DESTINATIONS, size: EACH * SIZE });
  const data = Buffer.alloc(EACH * SIZE - 200); // so the last of them has 1000 bytes
  for (const receiver of receivers) batch.push({ data, address: receiver.getsockname(), segmentSize: SIZE });
  while (batch.sent < batch.length) await sender.sendBatch(batch);
  const bytes = await Promise.all(receivers.map(receive));
  console.log(`${EACH} datagrams to each of ${DESTINATIONS} receivers: ${bytes.join(", ")} bytes`);
} finally {
  await Promise.all([...receivers, sender].map((socket) => socket.close()));
}
