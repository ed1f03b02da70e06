// How many datagrams get lost while a program is busy? The receiver does nothing while 5000 datagrams of 1200 bytes arrive.
import { Socket } from "sendmsg";

const SENT = 5000;
const data = Buffer.alloc(1200);

async function lossWith(rcvBuf) {
  const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { receive: ["rxqOvfl"] });
  const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
  try {
    if (rcvBuf) receiver.options.set("rcvBuf", rcvBuf);
    const room = receiver.options.get("rcvBuf"); // the kernel doubles the value, for what it needs itself
    for (let i = 0; i < SENT; i++) await sender.sendmsg({ data });

    let received = 0;
    while (receiver.tryRecvmsg() !== undefined) received++;

    // Each message brings the number of those lost before it. So the last loss is only told by the next message.
    await sender.sendmsg({ data });
    const { control } = await receiver.recvmsg();
    const lost = control.find((item) => item.name === "rxqOvfl")?.value ?? 0;
    // The same number can be asked for at any time, since Linux 4.12. It includes other reasons for which the socket drops packets.
    const { drops } = receiver.options.get("memInfo");
    if (received + lost !== SENT) throw new Error(`${received} received and ${lost} lost are not ${SENT}`);
    console.log(`rcvBuf ${room}: ${received} received, ${lost} lost (drops: ${drops})`);
  } finally {
    await Promise.all([receiver.close(), sender.close()]);
  }
}

await lossWith(undefined); // the sysctl net.core.rmem_default
await lossWith(2 ** 22); // at most the sysctl net.core.rmem_max; with CAP_NET_ADMIN, rcvBufForce goes beyond
