import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { SO_SNDBUF, SOL_SOCKET } from "../../src/constants/index.js";
import {
  type Descriptor,
  Listener,
  type Message,
  type MessageListener,
  type MessageSocket,
  type Sendable,
  Socket,
  socketpair,
} from "../../src/index.js";
import * as native from "../../src/native/load.js";
import { setsockopt } from "../../src/syscalls/index.js";
import {
  FakeDescriptor,
  MemoryListener,
  memorySocketpair,
  openDescriptors,
} from "../../src/testing/index.js";
import { counted } from "../support/counted.js";
import { sameFile } from "../support/descriptor-state.js";
import { closeSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { openFile } from "../support/owned-descriptors.js";
import { skipUnless } from "../support/skip-unless.js";

// The contract tests check each behaviour on the kernel's sockets and on those in memory, because the latter promise the same.

/** Counts calls of the binary only in the code that runs in it: kernel sockets of an earlier test may still make some. */
const memoryOnly = new AsyncLocalStorage<{ nativeCalls: number }>();
const { binding } = native;

/** Called once in a test file. Counts the calls of the binary. */
export function countNativeCalls(): void {
  beforeAll(() => {
    vi.spyOn(native, "binding").mockImplementation(() => {
      const counts = memoryOnly.getStore();
      if (counts) counts.nativeCalls++;
      return binding();
    });
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });
}

export type Type = "stream" | "seqpacket" | "dgram";
type Body = (a: MessageSocket, b: MessageSocket) => unknown;

interface File {
  sendable: Sendable;
  isBehind(descriptor: Descriptor): boolean;
  close(): void;
}

interface Transport {
  name: string;
  /** Runs the body with two connected sockets, and closes them. Afterwards every descriptor must be closed. */
  withPair(
    type: Type,
    body: Body,
    options?: { maxFds?: number | "all" | "refuse"; cramped?: boolean },
  ): Promise<void>;
  /** Runs the body with a listener, and a function that connects to it. */
  withListener(
    type: "stream" | "seqpacket",
    body: (listener: MessageListener, connect: () => Promise<MessageSocket>) => unknown,
  ): Promise<void>;
  openFile(): File;
  /** A `test` of a socket that refuses descriptors. */
  itRefuses: typeof test | typeof test.skip;
}

export const kernel: Transport = {
  name: "the kernel's",
  itRefuses: skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights()),
  withPair: (type, body, { maxFds = 0, cramped = false } = {}) =>
    counted(async () => {
      const pair = socketpair(type, { maxFds });
      // The kernel's minimum: socket(7).
      if (cramped) for (const { fd } of pair) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 1);
      try {
        await body(...pair);
      } finally {
        await Promise.all(pair.map((socket) => socket.close()));
      }
    }),
  withListener: (type, body) =>
    counted(async () => {
      const at = { abstract: `sendmsg-contract-${process.pid}-${Math.random()}` };
      const connected: Socket[] = [];
      const listener = await Listener.listen(at, { type, maxFds: 1 });
      try {
        await body(listener, async () => {
          const socket = await Socket.connect(at, { type });
          connected.push(socket);
          return socket;
        });
      } finally {
        await Promise.all([listener, ...connected].map((socket) => socket.close()));
      }
    }),
  openFile: () => {
    const fd = openFile("content");
    return {
      sendable: fd,
      isBehind: (descriptor) => descriptor.fd !== fd && sameFile(descriptor.fd, fd),
      close: () => closeSync(fd),
    };
  },
};

/** Sockets in memory must leave no descriptor open, and not need the binary. */
async function keepingDescriptors(body: () => unknown): Promise<void> {
  const before = openDescriptors();
  const counts = { nativeCalls: 0 };
  await memoryOnly.run(counts, async () => body());
  expect({ fds: openDescriptors(), ...counts }).toEqual({ fds: before, nativeCalls: 0 });
}

export const memory: Transport = {
  name: "memory's",
  itRefuses: test,
  withPair: (type, body, { cramped = false, ...options } = {}) =>
    keepingDescriptors(async () => {
      const pair = memorySocketpair(type, { ...options, ...(cramped ? { capacity: 4096 } : {}) });
      await body(...pair);
      await Promise.all(pair.map((socket) => socket.close()));
    }),
  withListener: (type, body) =>
    keepingDescriptors(async () => {
      const listener = new MemoryListener({ type, maxFds: 1 });
      await body(listener, () => listener.connect());
      await listener.close();
    }),
  openFile: () => {
    const descriptor = new FakeDescriptor();
    const { fd } = descriptor;
    return {
      sendable: descriptor,
      isBehind: (other) =>
        other.fd !== fd && other instanceof FakeDescriptor && other.file === descriptor.file,
      close: () => descriptor.close(),
    };
  },
};

export const TYPES: Type[] = ["stream", "seqpacket", "dgram"];
export const CONNECTED = ["stream", "seqpacket"] as const;
export const PACKETS = ["seqpacket", "dgram"] as const;

/** Sends until the socket takes no more. Returns the number of sent messages. */
export function fill(socket: MessageSocket, data: string): number {
  let count = 0;
  while (socket.trySendmsg({ data }) !== undefined) count++;
  return count;
}

/** Reads to the end of a stream. */
export async function readAll(
  socket: MessageSocket,
): Promise<{ bytes: Buffer; messages: Message<Descriptor>[] }> {
  const messages: Message<Descriptor>[] = [];
  for await (const message of socket) messages.push(message);
  return { bytes: Buffer.concat(messages.map(({ data }) => data)), messages };
}

export const text = (message: Message<Descriptor> | undefined): string => String(message!.data);
