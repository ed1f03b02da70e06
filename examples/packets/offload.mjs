// Many datagrams to one destination as one message: the kernel cuts it (GSO, Linux 4.18) and joins what arrives (GRO, Linux 5.0).
import { Socket } from "sendmsg";

const SIZE = 1200; // of each datagram; only the last may be shorter. At most the path's MTU less 28 bytes (IPv6: 48)
const COUNT = 48;

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { receive: ["udpGro"] });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
try {
  const data = Buffer.alloc(SIZE * COUNT);
  for (let i = 0; i < COUNT; i++) data.writeUInt32LE(i, i * SIZE);
  await sender.sendmsg({ data, segmentSize: SIZE });

  let next = 0;
  let messages = 0;
  for await (const message of receiver) {
    messages++;
    for (const datagram of message.segments()) {
      if (datagram.length !== SIZE || datagram.readUInt32LE() !== next++) throw new Error("out of order");
    }
    if (next === COUNT) break;
  }
  console.log(`${next} datagrams`);
  const { offloaded, plain } = sender.segmentation;
  console.error(`messages: ${messages}; datagrams cut by the kernel: ${offloaded}, by the library: ${plain}`);
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
