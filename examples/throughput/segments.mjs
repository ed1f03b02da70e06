// Sends 48 datagrams in one call (GSO, Linux 4.18) and receives several in one message (GRO, Linux 5.0).
import { Socket } from "sendmsg";

const SIZE = 1200; // at most the path's MTU less 28 bytes (IPv6: 48)
const COUNT = 48;

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { receive: ["udpGro"] });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });

try {
  const data = Buffer.alloc(SIZE * COUNT);
  for (let i = 0; i < COUNT; i++) data.writeUInt32LE(i, i * SIZE);
  await sender.sendmsg({ data, segmentSize: SIZE });

  let messages = 0;
  let received = 0;
  while (received < COUNT) {
    messages++;
    const message = await receiver.recvmsg();
    for (const datagram of message.segments()) {
      if (datagram.length !== SIZE || datagram.readUInt32LE(0) !== received) throw new Error("out of order");
      received++;
    }
  }
  const { offloaded, plain } = sender.segmentation;
  console.log(`${received} datagrams in ${messages} message`);
  console.error(`cut by the kernel: ${offloaded}, by the library: ${plain}`);
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
