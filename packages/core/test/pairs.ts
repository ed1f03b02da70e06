import { setTimeout as pause } from "node:timers/promises";
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../src/constants/index.js";
import {
  type Message,
  type ReceiveOptions,
  type Socket,
  type SocketOptions,
  type SocketType,
  socketpair,
} from "../src/index.js";
import { binding } from "../src/native/load.js";
import { setsockopt } from "../src/syscalls/index.js";
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

/** The event loop has gone round. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for something that has no event of its own. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("The promise was to reject");
}

/** What a call throws. */
export function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("The call was to throw");
}

/** Whether a promise has settled once the event loop has gone round. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await turn();
  return settled;
}

/** How often a system call is made while `body` runs: what spins makes thousands. */
export async function calls(
  name: "accept4" | "connect" | "dup" | "receive" | "send" | "startAccept" | "startConnect" | "startSend",
  body: () => unknown,
): Promise<number> {
  const native = binding();
  const call = native[name] as (...args: unknown[]) => number;
  let count = 0;
  const counting = (...args: unknown[]): number => {
    count++;
    return call(...args);
  };
  Object.assign(native, { [name]: counting });
  try {
    await body();
  } finally {
    Object.assign(native, { [name]: call });
  }
  return count;
}

/** The event loop goes round for that many milliseconds. */
export async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) await pause(5);
}
