// A UDP server for IPv4 and IPv6 on one socket. It answers each packet from the address to which the packet was sent, with the same
// ECN mark. Two clients ask it: one sends a long text as many datagrams in one call.
import { ECN } from "sendmsg";
import { UdpSocket } from "sendmsg/udp";

async function serve(server) {
  for await (const { data, segmentSize, address, local, interfaceIndex, ecn } of server) {
    await server.send({ data, segmentSize, address, source: local, interfaceIndex, ecn });
  }
}

const server = await UdpSocket.bind({ address: "::", port: 0 }, { ipv6Only: false });
const serving = serve(server);
const { port } = server.getsockname();
try {
  // The client is connected to 127.0.0.2, so it receives packets from 127.0.0.2 only.
  for (const address of ["127.0.0.2", "::1"]) {
    const client = await UdpSocket.connect({ address, port });
    try {
      await client.send({ data: "hello", ecn: ECN.ect0 });
      const answer = await client.receive();
      console.log(`${answer.address.address} answered ${answer.data}, ECN ${answer.ecn}`);

      const text = "All work and no play makes Jack a dull boy. ".repeat(100);
      await client.send({ data: text, segmentSize: 1000 });
      const parts = [];
      while (parts.join("").length < text.length) parts.push(...(await client.receive()).segments());
      console.log(`${parts.length} datagrams came back, ${parts.join("") === text ? "complete" : "wrong"}`);
    } finally {
      await client.close();
    }
  }
} finally {
  await server.close();
  await serving;
}
