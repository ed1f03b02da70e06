// Sends to a multicast group, and receives what is sent there, on the loopback interface: ip(7).
import { packetInfoNames, readPacketInfo, Socket } from "sendmsg";

const GROUP = "239.255.77.77"; // 239.0.0.0/8 stays within an organisation
const INTERFACE = "lo";

/** A member of the group. With reusePort, several processes can be bound to the port: each gets each message. */
async function join(port) {
  const at = { address: GROUP, port }; // not 0.0.0.0: then what is sent to other groups and to this host would come, too
  const socket = await Socket.bind(at, { reusePort: true, receive: packetInfoNames("ipv4") });
  socket.options.set("ipAddMembership", { group: GROUP, interface: INTERFACE });
  return socket;
}

const first = await join(0);
const { port } = first.getsockname();
const second = await join(port);
const sender = Socket.open({ family: "ipv4" });
try {
  sender.options.set("ipMulticastIf", { address: "127.0.0.1", interface: INTERFACE });
  sender.options.set("ipMulticastTtl", 1); // to no other network
  await sender.sendmsg({ data: "hello, all", address: { address: GROUP, port } });
  for (const member of [first, second]) {
    const message = await member.recvmsg({ signal: AbortSignal.timeout(5000) });
    console.log(
      `${message.data} (from ${message.address.address} to ${readPacketInfo(message).destination})`,
    );
  }
} finally {
  await Promise.all([first.close(), second.close(), sender.close()]);
}
