// Sends 48 datagrams in one call (GSO, Linux 4.18) and receives several in one message (GRO, Linux 5.0).
import { packetControl, packetInfoNames, readPacketInfo, Socket } from "sendmsg";

const SIZE = 1200; // at most the path's MTU less 28 bytes (IPv6: 48)
const COUNT = 48; // at most 64, and at most 64 KiB in all

const receive = packetInfoNames("ipv4", { segments: true });
const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { receive });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });

/** The datagrams of a message. */
function* datagramsOf(message) {
  const { segmentSize = message.data.length } = readPacketInfo(message); // absent: the kernel has joined none
  if (message.data.length === 0) yield message.data;
  for (let at = 0; at < message.data.length; at += segmentSize)
    yield message.data.subarray(at, at + segmentSize);
}

try {
  const data = Buffer.alloc(SIZE * COUNT);
  for (let i = 0; i < COUNT; i++) data.writeUInt32LE(i, i * SIZE);
  await sender.sendmsg({ data, control: packetControl({ segmentSize: SIZE }, "ipv4") });

  let messages = 0;
  let received = 0;
  while (received < COUNT) {
    messages++;
    for (const datagram of datagramsOf(await receiver.recvmsg())) {
      if (datagram.length !== SIZE || datagram.readUInt32LE(0) !== received) throw new Error("out of order");
      received++;
    }
  }
  console.log(`${received} datagrams in ${messages} message`);
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
