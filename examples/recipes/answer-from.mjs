// A UDP server on all addresses of the host answers from the address that was asked. Otherwise the kernel chooses an address, and a
// client that asked another one throws the answer away.
import { packetControl, packetInfoNames, readPacketInfo, Socket } from "sendmsg";

const server = await Socket.bind({ address: "0.0.0.0", port: 0 }, { receive: packetInfoNames("ipv4") });
const { port } = server.getsockname();

async function answerOne() {
  const request = await server.recvmsg();
  const { local, interfaceIndex } = readPacketInfo(request);
  const control = packetControl({ source: local, interfaceIndex }, request.address);
  await server.sendmsg({ data: `you asked ${local}`, address: request.address, control });
}

// All addresses of 127.0.0.0/8 are this host. A connected client accepts only answers from the address that it asked.
const client = await Socket.connect({ address: "127.0.0.2", port }, { type: "dgram" });
try {
  await Promise.all([answerOne(), client.sendmsg({ data: "which address did I ask?" })]);
  const { data } = await client.recvmsg({ signal: AbortSignal.timeout(5000) });
  console.log(`${data}`);
} finally {
  await Promise.all([server.close(), client.close()]);
}
