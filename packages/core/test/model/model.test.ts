import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Descriptor,
  type FileDescriptor,
  Listener,
  type MessageSocket,
  Socket,
  socketpair,
} from "../../src/index.js";
import {
  FakeDescriptor,
  memorySocketpair,
  openDescriptors,
  resetOpenDescriptors,
} from "../../src/testing/index.js";
import { counted } from "../support/counted.js";
import { closeSync, fstatSync } from "../support/files.mjs";
import { openFile } from "../support/owned-descriptors.js";
import { cramp } from "../support/pairs.js";
import { numRuns, timeout } from "../support/property.js";
import { steps } from "./commands.js";
import { System, type Transport } from "./system.js";

// Random sequences of calls on two connected sockets. Whatever the calls are, the received messages must be the sent ones, and
// every call must settle. fast-check shortens a failing sequence, and prints it with its seed.

const files = [0, 1, 2].map((index) => openFile(`file ${index}`));
afterAll(() => files.forEach(closeSync));
// An earlier test file may have left fake descriptors open in this process.
beforeAll(resetOpenDescriptors);
const inodes = files.map((fd) => fstatSync(fd).ino);

const kernel = {
  passesFiles: true,
  lossy: false,
  file: (index: number) => ({ sendable: files[index] as never, close: () => {} }),
  indexOf: (descriptor: Descriptor) => inodes.indexOf(fstatSync(descriptor.fd).ino),
  moved: (socket: MessageSocket): MessageSocket => Socket.from((socket as Socket).detach() as FileDescriptor),
};

const memory = {
  passesFiles: true,
  lossy: false,
  file: (index: number) => {
    const descriptor = new FakeDescriptor(index);
    return { sendable: descriptor as never, close: () => descriptor.close() };
  },
  indexOf: (descriptor: Descriptor) => (descriptor as FakeDescriptor).file as number,
};

async function tcp(): Promise<[Socket, Socket]> {
  const listener = await Listener.listen({ address: "127.0.0.1", port: 0 });
  const pair = await Promise.all([Socket.connect(listener.getsockname()), listener.accept()]);
  await listener.close();
  return pair;
}

async function udp(): Promise<[Socket, Socket]> {
  const pair = await Promise.all(
    [0, 1].map(() => Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" })),
  );
  await pair[0]!.connect(pair[1]!.getsockname());
  await pair[1]!.connect(pair[0]!.getsockname());
  return [pair[0]!, pair[1]!];
}

const TYPES = ["stream", "seqpacket", "dgram"] as const;

const transports: Transport[] = [
  ...TYPES.map((type) => ({
    ...kernel,
    name: `Unix ${type} sockets`,
    type,
    tellsEnd: type !== "dgram",
    open: async () => socketpair(type),
  })),
  ...TYPES.map((type) => ({
    ...kernel,
    name: `Unix ${type} sockets with little room`,
    type,
    alwaysFits: 1024,
    tellsEnd: type !== "dgram",
    open: async () => {
      const pair = socketpair(type);
      cramp(...pair);
      return pair;
    },
  })),
  { ...kernel, name: "TCP sockets", type: "stream", passesFiles: false, tellsEnd: true, open: tcp },
  {
    ...kernel,
    name: "UDP sockets",
    type: "dgram",
    passesFiles: false,
    lossy: true,
    tellsEnd: false,
    open: udp,
  },
  ...TYPES.map((type) => ({
    ...memory,
    name: `${type} sockets in memory`,
    type,
    tellsEnd: type !== "dgram",
    open: async () => memorySocketpair(type, { capacity: 10_000 }),
  })),
];

/** How many sequences each kind of sockets gets. A thorough run makes ten times as many or more. */
const sequences = Math.ceil(Math.min(numRuns, 20_000) / transports.length);

describe.each(transports)("$name", (transport) => {
  it("give what was sent, in order, once, whatever is called", { timeout }, () =>
    counted(async () => {
      const commands = fc.commands(steps(transport.type === "stream"), { maxCommands: 30 });
      const property = fc.asyncProperty(commands, async (each) => {
        const system = await System.open(transport);
        await fc.asyncModelRun(
          () => ({ model: { closed: [false, false] as [boolean, boolean] }, real: system }),
          each,
        );
        await system.finish();
      });
      await fc.assert(property, { numRuns: sequences });
      expect(openDescriptors()).toEqual([]);
    }),
  );
});
