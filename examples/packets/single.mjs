// One datagram at a time: one system call and one promise for each.
import { Socket } from "sendmsg";

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
try {
  await sender.sendmsg({ data: "first" });
  await sender.sendmsg({ data: "last" });
  for await (const { data, address } of receiver) {
    console.log(`${data} from ${address.address}`);
    if (`${data}` === "last") break;
  }
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
