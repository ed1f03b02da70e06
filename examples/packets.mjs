// What the headers of UDP packets say, the same for IPv4 and IPv6, and what comes of a packet that nobody receives.
import { ECN, packetControl, packetInfoNames, readPacketInfo, Socket } from "sendmsg";

for (const address of ["127.0.0.1", "::1"]) {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const receiver = await Socket.bind(
    { address, port: 0 },
    { type: "dgram", receive: packetInfoNames(family) },
  );
  const to = receiver.getsockname();
  const sender = await Socket.connect(to, { type: "dgram" });
  try {
    await sender.sendmsg({
      data: "marked",
      control: packetControl({ ecn: ECN.ect0, dscp: 46, hopLimit: 7 }, to),
    });
    const message = await receiver.recvmsg();
    const { ecn, dscp, hopLimit, destination } = readPacketInfo(message);
    console.log(`${message.data} to ${destination}: ECN ${ecn}, DSCP ${dscp}, hop limit ${hopLimit}`);

    // Nobody listens there any more: ICMP says so, and about which packet.
    sender.receive(family === "ipv6" ? "ipv6RecvErr" : "ipRecvErr");
    await receiver.close();
    await sender.sendmsg({ data: "lost" });
    for await (const report of sender.errors()) {
      if (report.kind === "undelivered") console.log(`"${report.data}" was not delivered: ${report.code}`);
      break;
    }
  } finally {
    await Promise.all([sender.close(), receiver.close()]);
  }
}
