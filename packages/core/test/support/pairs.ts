import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../../src/constants/index.js";
import {
  type Message,
  type ReceiveOptions,
  type Socket,
  type SocketOptions,
  type SocketType,
  socketpair,
} from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { counted } from "./counted.js";

export const TYPES = ["stream", "seqpacket", "dgram"] as const satisfies readonly SocketType[];

/** Runs `body` with two connected sockets, and closes them. Afterwards every descriptor must be closed. */
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

/** Gives a socket the least room: the minimum of SO_SNDBUF and SO_RCVBUF, socket(7). */
export function cramp(...sockets: Socket[]): void {
  for (const { fd } of sockets) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1);
  }
}

/** Sends until the kernel takes no more. Returns the number of sent messages. */
export function fill(socket: Socket, data: string | Uint8Array = "filler"): number {
  let count = 0;
  while (socket.trySendmsg({ data }) !== undefined) count++;
  return count;
}

/** Receives this many messages, and disposes of them. */
export async function drop(socket: Socket, count: number): Promise<void> {
  for (let i = 0; i < count; i++) (await socket.recvmsg())[Symbol.dispose]();
}

/** Receives on a stream until `length` bytes or the end have come. */
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
