import { statSync } from "node:fs";
import { expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, Socket, type SocketOptions } from "../../src/index.js";
import { bind, close, socket } from "../../src/syscalls/index.js";

export const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Runs `body` under that umask, which `body` must not change. */
export async function underUmask(mask: number, body: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await body();
    expect(process.umask()).toBe(mask);
  } finally {
    process.umask(before);
  }
}

/** Listens at the path. A datagram socket, which can't listen, is bound to it. */
export function take(path: string | Uint8Array, options: SocketOptions): Promise<Listener | Socket> {
  return options.type === "dgram" ? Socket.bind({ path }, options) : Listener.listen({ path }, options);
}

/** Runs `use` while a socket has the path. */
export async function taken(
  path: string | Uint8Array,
  options: SocketOptions,
  use: () => unknown,
): Promise<void> {
  const socket = await take(path, options);
  try {
    await use();
  } finally {
    await socket.close();
  }
}

/** Leaves a socket file whose server is gone. */
export function leaveStale(path: string, type: number = SOCK_STREAM): void {
  const fd = socket(AF_UNIX, type);
  bind(fd, encodeAddress({ path }));
  close(fd);
}
