// A descriptor that takes its time to close: a TCP connection with SO_LINGER, and bytes that nobody reads.

import { encodeAddress } from "sendmsg/address";
import {
  AF_INET,
  accept4,
  bind,
  connect,
  getsockname,
  listen,
  SO_LINGER,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  sendmsg,
  setsockopt,
  socket,
} from "sendmsg/syscalls";

/** Seconds that close(2) waits for the bytes to go. */
export const LINGER = 4;

/** The connection's descriptor numbers: the one that lingers, and its peer, which must stay open and unread. */
export function lingering() {
  const listener = socket(AF_INET, SOCK_STREAM);
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, 4096);
  bind(listener, encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 0 }));
  listen(listener, 1);
  const fd = socket(AF_INET, SOCK_STREAM, 0, { blocking: true });
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 65_536);
  connect(fd, getsockname(listener));
  const peer = accept4(listener, { timeout: 1000 }).fd;
  const block = Buffer.alloc(16_384);
  try {
    for (;;) sendmsg(fd, block, { timeout: 30 });
  } catch (error) {
    if (error.code !== "ETIMEDOUT") throw error;
  }
  setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array(Int32Array.of(1, LINGER).buffer));
  return { fd, peer, listener };
}
