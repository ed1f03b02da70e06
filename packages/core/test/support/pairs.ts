import {
  type Message,
  type ReceiveOptions,
  type Socket,
  type SocketOptions,
  type SocketType,
  socketpair,
} from "../../src/index.js";
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, setsockopt } from "../../src/syscalls/index.js";
import { counted } from "./counted.js";

export const TYPES = ["stream", "seqpacket", "dgram"] as const satisfies readonly SocketType[];

/** Runs `body` with two connected sockets, and closes them; every descriptor must be gone afterwards. */
export function withPair(
  type: SocketType,
  body: (a: Socket, b: Socket) => unknown,
  options: Pick<SocketOptions, "receive" | "maxFds"> = {},
): Promise<void> {
  return counted(async () => {
    const [a, b] = socketpair(type, options);
    try {
      await body(a, b);
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });
}

/** Leaves a socket little room: SO_SNDBUF's and SO_RCVBUF's minimum, see socket(7). */
export function cramp(...sockets: Socket[]): void {
  for (const { fd } of sockets) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1);
  }
}

/** Sends until the kernel takes no more; how many messages it took. */
export function fill(socket: Socket, data: string | Uint8Array = "filler"): number {
  let count = 0;
  while (socket.trySendmsg({ data }) !== undefined) count++;
  return count;
}

/** Receives that many messages, one after the other, and puts them away. */
export async function drop(socket: Socket, count: number): Promise<void> {
  for (let i = 0; i < count; i++) (await socket.recvmsg())[Symbol.dispose]();
}

/** Receives on a stream until `length` bytes have come, or the end. */
export async function read(socket: Socket, length: number, options: ReceiveOptions = {}): Promise<Message[]> {
  const messages: Message[] = [];
  for (let left = length; left > 0; ) {
    const message = await socket.recvmsg({ size: Math.min(left, 65_536), ...options });
    if (message.eof) break;
    messages.push(message);
    left -= message.data.length;
  }
  return messages;
}

export const bytesOf = (messages: readonly Message[]): Buffer =>
  Buffer.concat(messages.map(({ data }) => data));
