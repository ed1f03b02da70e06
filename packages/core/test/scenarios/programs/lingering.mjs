// Makes descriptors that take seconds to close: TCP connections with SO_LINGER, and bytes that nobody reads.

import { encodeAddress } from "sendmsg/address";
import {
  AF_INET,
  MSG_DONTWAIT,
  SO_LINGER,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
} from "sendmsg/constants";
import {
  accept4,
  bind,
  close,
  connect,
  getsockname,
  listen,
  sendmsg,
  setsockopt,
  socket,
} from "sendmsg/syscalls";

/** Seconds for which close(2) waits until the bytes are sent. */
export const LINGER = 4;
/** More bytes than the peer's buffer takes. */
const UNREAD = Buffer.alloc(32_768);

/**
 * The descriptor numbers of the lingering ends, and of their peers. While a peer is open and unread, close(2) of the other end
 * takes these seconds. Once the peer is closed, it takes none.
 */
export function lingering(count, seconds = LINGER) {
  const listener = socket(AF_INET, SOCK_STREAM);
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, 4096);
  bind(listener, encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 0 }));
  listen(listener, 1);
  const address = getsockname(listener);
  const fds = [];
  const peers = [];
  for (let i = 0; i < count; i++) {
    const fd = socket(AF_INET, SOCK_STREAM, 0, { blocking: true });
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 65_536);
    connect(fd, address);
    peers.push(accept4(listener, { timeout: 1000 }).fd);
    sendmsg(fd, UNREAD, { flags: MSG_DONTWAIT });
    setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array(Int32Array.of(1, seconds).buffer));
    fds.push(fd);
  }
  close(listener);
  return { fds, peers };
}

/** Sends such descriptors in one message. Afterwards only the receiver has them. Returns their peers. */
export async function sendLingering(socket, count, seconds, flags = 0) {
  const { fds, peers } = lingering(count, seconds);
  await socket.sendmsg({ data: "x", fds, flags });
  for (const fd of fds) close(fd);
  return peers;
}
