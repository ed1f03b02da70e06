// A connection between a virtual machine and its host, here from this machine to itself: vsock(7).
// That needs the kernel's module vsock_loopback. In a guest, connect to VMADDR_CID_HOST.
import { Listener, Socket } from "sendmsg";
import { VMADDR_CID_ANY, VMADDR_CID_LOCAL, VMADDR_PORT_ANY } from "sendmsg/constants";

const listener = await Listener.listen({ family: "vsock", cid: VMADDR_CID_ANY, port: VMADDR_PORT_ANY });
try {
  const { port } = listener.getsockname();
  const client = await Socket.connect({ family: "vsock", cid: VMADDR_CID_LOCAL, port });
  const peer = await listener.accept();
  try {
    await client.sendmsg({ data: "hello" });
    const { data } = await peer.recvmsg();
    console.log(`"${data}" from machine ${peer.getpeername().cid}`);
  } finally {
    await Promise.all([client.close(), peer.close()]);
  }
} finally {
  await listener.close();
}
