import { IP_RECVERR, IPPROTO_IP } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { counted } from "./counted.js";

/** Runs `body` with a datagram socket whose peer is gone, so that an ICMP error answers each send. `recverr`: with IP_RECVERR. */
export function withDeadPeer(recverr: boolean, body: (socket: Socket) => unknown): Promise<void> {
  return counted(async () => {
    const peer = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const socket = await Socket.connect(peer.getsockname(), { type: "dgram" });
    await peer.close();
    if (recverr) setsockopt(socket.fd, IPPROTO_IP, IP_RECVERR, 1);
    try {
      await body(socket);
    } finally {
      await socket.close();
    }
  });
}
