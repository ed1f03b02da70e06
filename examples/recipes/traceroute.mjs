// Prints the routers on the way to an address, IPv4 or IPv6: node traceroute.mjs 127.0.0.1
// Needs no privilege: the reports of ICMP come through the socket's error queue.
import { isIPv6 } from "node:net";
import { packetControl, Socket } from "sendmsg";

const target = process.argv[2] ?? "127.0.0.1";
const socket = isIPv6(target)
  ? Socket.open({ family: "ipv6", receive: ["ipv6RecvErr"] })
  : Socket.open({ family: "ipv4", receive: ["ipRecvErr"] });

/** Sends a packet that may pass `hopLimit - 1` routers. Returns who reported it; undefined if nobody does within a second. */
async function probe(hopLimit) {
  const address = { address: target, port: 33434 + hopLimit }; // where probably nobody listens
  await socket.sendmsg({ data: "", address, control: packetControl({ hopLimit }, address) });
  try {
    for await (const report of socket.errors({ signal: AbortSignal.timeout(1000) })) {
      // A late report about an earlier packet has another port.
      if (report.kind === "undelivered" && report.destination.port === address.port) return report;
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

try {
  for (let hop = 1; hop <= 30; hop++) {
    const start = performance.now();
    const report = await probe(hop);
    const time = (performance.now() - start).toFixed(1);
    console.log(report ? `${hop} ${report.offender?.address} ${time} ms` : `${hop} *`);
    if (report?.code === "ECONNREFUSED") break; // the target itself: nobody listens there
  }
} finally {
  await socket.close();
}
