import { inspect } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import * as address from "../src/address/index.js";
import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK } from "../src/constants/index.js";
import * as control from "../src/control/index.js";
import * as sendmsg from "../src/index.js";
import * as options from "../src/options/index.js";
import * as syscalls from "../src/syscalls/index.js";
import * as memory from "../src/testing/index.js";
import { samples as addressSamples } from "./address/samples.js";
import { samples as controlSamples } from "./control/samples.js";
import { counted } from "./support/counted.js";
import { thrown } from "./support/outcome.js";
import { numRuns, timeout } from "./support/property.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { turn } from "./support/waiting.js";

// Calls every exported function with arbitrary arguments. Every error must be an Error with a code.

/** The error that getters and methods among the arguments throw. The library must pass it to the caller. */
const CALLERS = new Error("thrown by the caller's own code");

const throwing = () => {
  throw CALLERS;
};

const detached = (view: Uint8Array<ArrayBuffer>): Uint8Array => {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};

class Subclass extends Uint8Array {
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Array as unknown as Uint8ArrayConstructor;
  }
}

/** Makes values that often break code. Each is made anew, because a call can use up some. */
const oddities: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Symbol("symbol"),
  () => 10n ** 30n,
  () => -1n,
  () => new Array(3),
  () => Object.create(null),
  () => ({ toString: throwing, [Symbol.toPrimitive]: throwing }),
  () => ({ constructor: { name: Symbol("name") } }),
  () => ({ constructor: null }),
  () => Object.defineProperty(() => {}, "name", { value: 5 }),
  () => Object.defineProperty(() => {}, "name", { value: Symbol("name") }),
  () => new Proxy({}, {}),
  () => new Uint8Array(0),
  () => Buffer.from("bytes"),
  () => new Subclass(5),
  () => new DataView(new ArrayBuffer(16)),
  () => new Float64Array(2),
  () => new SharedArrayBuffer(8),
  () => detached(new Uint8Array(8)),
  () => AbortSignal.abort(),
  () => ({ aborted: false, addEventListener: 5 }),
  () => new Date(Number.NaN),
  () => new Map([[1, 2]]),
  () => new Set([0]),
  () => Promise.resolve(),
  () => ({ [Symbol.iterator]: 5 }),
  () => ({ [Symbol.iterator]: throwing }),
  () => ({ length: 2 ** 40 }),
  () => ({ fd: -1 }),
  () => ({ fd: "0" }),
];

const KEYS = [
  ...["data", "fds", "control", "address", "flags", "signal", "maxFds", "size", "buffers", "receive", "type"],
  ...[
    "protocol",
    "mode",
    "unlink",
    "backlog",
    "onError",
    "name",
    "value",
    "level",
    "length",
    "family",
    "path",
  ],
  ...["abstract", "port", "scopeId", "flowInfo", "pid", "uid", "gid", "ticket", "layout", "argument", "fd"],
  ...[
    "eof",
    "fullLength",
    "droppedFds",
    "pidfd",
    "capacity",
    "query",
    "interface",
    "flowLabel",
    "ecn",
    "ttl",
  ],
];

const NAMES = [
  ...Object.keys(control.controlMessages),
  ...Object.keys(options.socketOptions),
  ...["unknown", "unix", "ipv4", "ipv6", "netlink", "packet", "vsock", "can", "tipc", "bluetooth", "alg"],
  ...["stream", "seqpacket", "dgram", "raw", "refuse", "all", "read", "write", "both", "stale", "32", "64"],
  ...["127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo", "/nonexistent/path", "a\0b", "", "x".repeat(300)],
  ...["sendmsg", "recvmsg", "accept", "EPIPE", "sendmsg.DescriptorTicket", "lo", "00:11:22:33:44:55"],
];

// No number of a descriptor that may be open, and none that is a long time or a large size.
const NUMBERS = [0, -0, 1, 2, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 255, 254, 1000, 65_535, 65_536];
const LARGE = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 31), 0xffff_0000];

/** The recipe of a value, which is made anew for each call. */
type Plan =
  | { plain: unknown }
  | { odd: number }
  | { bytes: Uint8Array }
  | { list: Plan[] }
  | { fields: Record<string, Plan> }
  /** A correct value of which one part is replaced. */
  | { of: "control" | "address"; sample: number; path: number[]; value: Plan };

const { plan: anyPlan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(true, false, ...NAMES, ...NUMBERS, ...LARGE).map((plain) => ({ plain })),
    fc.nat(oddities.length - 1).map((odd) => ({ odd })),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes })),
    fc.array(tie("plan"), { maxLength: 4 }).map((list) => ({ list })),
    fc.dictionary(fc.constantFrom(...KEYS), tie("plan"), { maxKeys: 5 }).map((fields) => ({ fields })),
    fc.record({
      of: fc.constantFrom("control" as const, "address" as const),
      sample: fc.nat(1000),
      path: fc.array(fc.nat(9), { maxLength: 3 }),
      value: tie("plan"),
    }),
  ),
}));

const SAMPLES = {
  control: controlSamples.map(({ message }) => message),
  address: addressSamples.map(({ address: each }) => each),
};

/** The value, with another one at the end of the path. */
function changed(value: unknown, path: readonly number[], other: unknown): unknown {
  if (path.length === 0 || typeof value !== "object" || value === null || ArrayBuffer.isView(value))
    return other;
  const keys = Object.keys(value);
  const key = keys[path[0]! % (keys.length + 1)] ?? "surplus";
  const inner = changed((value as Record<string, unknown>)[key], path.slice(1), other);
  return Array.isArray(value)
    ? value.map((each, i) => (String(i) === key ? inner : each))
    : { ...value, [key]: inner };
}

function make(plan: Plan): unknown {
  if ("of" in plan) {
    const list = SAMPLES[plan.of];
    return changed(list[plan.sample % list.length], plan.path, make(plan.value));
  }
  if ("odd" in plan) return oddities[plan.odd]!();
  if ("bytes" in plan) return Uint8Array.from(plan.bytes);
  if ("list" in plan) return plan.list.map(make);
  if ("fields" in plan) {
    return Object.fromEntries(Object.entries(plan.fields).map(([key, value]) => [key, make(value)]));
  }
  return plan.plain;
}

type Callable = (...args: unknown[]) => unknown;

/** The functions to call, by name. Each gets its own `this`. */
type Surface = Map<string, Callable>;

const isClass = (value: unknown): boolean =>
  typeof value === "function" && Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;

/** The functions that a module exports, with the constructors and static methods of its classes. */
function exported(surface: Surface, name: string, module: object): void {
  for (const [key, value] of Object.entries(module)) {
    if (typeof value !== "function") continue;
    if (!isClass(value)) {
      surface.set(`${name}.${key}`, value as Callable);
      continue;
    }
    surface.set(
      `new ${name}.${key}`,
      (...args) => new (value as new (...args: unknown[]) => unknown)(...args),
    );
    methods(surface, `${name}.${key}`, value, value);
  }
}

/** The methods and getters that an object has from its class. */
function methods(
  surface: Surface,
  name: string,
  self: object,
  from: object = Object.getPrototypeOf(self),
): void {
  for (const key of Object.getOwnPropertyNames(from)) {
    if (["constructor", "prototype", "length", "name"].includes(key)) continue;
    const { value, get } = Object.getOwnPropertyDescriptor(from, key)!;
    if (typeof value === "function") surface.set(`${name}.${key}`, (...args) => value.apply(self, args));
    else if (get) surface.set(`get ${name}.${key}`, () => get.call(self));
  }
}

/** Methods that close their object, after which every call would be refused. */
const ENDING = /\.(close|detach|toNet|transfer|handOver|closed)$/;

const optionNames = Object.keys(options.socketOptions);

const isOpenNumber = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < 1e6;

/** All functions and methods, with objects for them that `end` closes. */
async function open(): Promise<{ surface: Surface; end: () => Promise<void> }> {
  const surface: Surface = new Map();
  for (const [name, module] of Object.entries({ address, control, options, memory, sendmsg })) {
    exported(surface, name, module);
  }
  const listener = await sendmsg.Listener.listen({ family: "unix", abstract: `sendmsg-fuzz-${process.pid}` });
  const udp = await sendmsg.Socket.bind({ address: "::1", port: 0 }, { type: "dgram" });
  const types = ["stream", "seqpacket", "dgram"] as const;
  const pairs = types.map((type) => sendmsg.socketpair(type));
  const descriptor = pairs[0]![0].peer;
  for (const [i, [socket]] of pairs.entries()) methods(surface, types[i]!, socket);
  methods(surface, "udp", udp);
  methods(surface, "socket.options", udp.options);
  methods(surface, "socket.peer", descriptor);
  methods(surface, "listener", listener);
  const fakes = memory.memorySocketpair("stream");
  const fakeListener = new memory.MemoryListener();
  methods(surface, "memorySocket", fakes[0]);
  methods(surface, "reader", new sendmsg.StreamReader(fakes[1]));
  methods(surface, "memoryListener", fakeListener);
  methods(surface, "fakeDescriptor", new memory.FakeDescriptor());
  methods(surface, "message", sendmsg.Message.from({ data: Buffer.from("x") }));

  // The synchronous layer accepts any open number. It gets the numbers of sockets that nothing else needs.
  const fds = [AF_UNIX, AF_INET].map((family) => syscalls.socket(family, SOCK_DGRAM | SOCK_NONBLOCK));
  let turn = 0;
  for (const [name, value] of Object.entries(syscalls)) {
    if (typeof value !== "function" || isClass(value)) continue;
    const call = value as Callable;
    if (name === "socket" || name === "socketpair" || name === "dup") {
      surface.set(`syscalls.${name}`, (...args) => {
        for (const fd of [call(...args)].flat()) syscalls.close(fd as number);
      });
    } else {
      surface.set(`syscalls.${name}`, (...args) => call(fds[turn++ % fds.length], ...args.slice(1)));
      // An object that looks like a descriptor.
      surface.set(`syscalls.${name} of anything`, (fd, ...args) =>
        call(isOpenNumber(fd) ? "fd" : fd, ...args),
      );
    }
  }
  surface.set("control.encodeControl of one", (item, ...args) =>
    (control.encodeControl as Callable)([item], ...args),
  );
  surface.set("socket.options.set of a name", (n, value) =>
    udp.options.set(
      optionNames[Number(typeof n === "number" && n > 0 ? n : 0) % optionNames.length] as never,
      value as never,
    ),
  );
  surface.delete("syscalls.close");
  // adopt() must not take over descriptors that this process needs.
  for (const name of ["FileDescriptor.adopt", "Socket.from", "Listener.from"]) {
    const call = surface.get(`sendmsg.${name}`)!;
    surface.set(`sendmsg.${name}`, (source, ...args) => call(isOpenNumber(source) ? "fd" : source, ...args));
  }
  // The library makes these errors, so no call makes one.
  surface.delete("new sendmsg.NativeLoadError");
  for (const name of surface.keys()) if (ENDING.test(name)) surface.delete(name);

  return {
    surface,
    async end() {
      for (const fd of fds) syscalls.close(fd);
      await Promise.all([...pairs.flat(), ...fakes, udp, listener, fakeListener].map((each) => each.close()));
    },
  };
}

type Failure = { name: string; args: unknown[]; error: unknown };

const isRight = (error: unknown): boolean =>
  error === CALLERS || (error instanceof Error && typeof (error as { code?: unknown }).code === "string");

function hasAddress(plan: Plan): boolean {
  if ("of" in plan) return plan.of === "address" || hasAddress(plan.value);
  if ("list" in plan) return plan.list.some(hasAddress);
  return "fields" in plan && Object.values(plan.fields).some(hasAddress);
}

/** Makes the calls, and returns the calls whose errors have no code. */
async function failuresOf(calls: readonly { at: number; plans: readonly Plan[] }[]): Promise<Failure[]> {
  const { surface, end } = await open();
  const names = [...surface.keys()];
  const failures: Failure[] = [];
  const pending: Promise<unknown>[] = [];
  const made: unknown[] = [];
  for (const { at, plans } of calls) {
    const name = names[at % names.length]!;
    // Only functions that send nothing get addresses of other machines.
    const isPure = /\b(address|control|options|Message|FakeDescriptor|packetControl)\b/.test(name);
    const args = plans.filter((plan) => isPure || !hasAddress(plan)).map(make);
    const wrong = (error: unknown) => {
      if (!isRight(error)) failures.push({ name, args, error });
    };
    try {
      const result = surface.get(name)!(...args);
      if (result instanceof Promise) pending.push(result.then((value) => made.push(value), wrong));
      else if (isIterator(result)) pending.push(result.next().then(() => result.return(undefined), wrong));
      else made.push(result);
    } catch (error) {
      wrong(error);
    }
  }
  await turn();
  await end();
  await Promise.all(pending);
  for (const each of made) await dispose(each);
  return failures;
}

/** The error's text, if it can be printed. */
function shown(error: unknown): string {
  try {
    return inspect(error);
  } catch {
    return typeof error;
  }
}

const isIterator = (value: unknown): value is AsyncGenerator =>
  typeof value === "object" && value !== null && "next" in value && Symbol.asyncIterator in value;

/** Closes the sockets and descriptors that calls have returned: there are thousands. */
async function dispose(result: unknown): Promise<void> {
  if (Array.isArray(result)) for (const each of result) await dispose(each);
  else if (typeof result === "object" && result !== null) {
    if (Symbol.asyncDispose in result) await (result as AsyncDisposable)[Symbol.asyncDispose]();
    else if (Symbol.dispose in result) (result as Disposable)[Symbol.dispose]();
  }
}

const CALLS_AT_A_TIME = 100;
const anyCalls = fc.array(fc.record({ at: fc.nat(1 << 20), plans: fc.array(anyPlan, { maxLength: 4 }) }), {
  minLength: 1,
  maxLength: CALLS_AT_A_TIME,
  size: "max",
});

it("an error is an Error with a code, whatever was given to whatever is exported", {
  timeout: 10 * timeout,
}, async () => {
  const directory = process.cwd();
  const { stackTraceLimit } = Error;
  // Some values are relative paths.
  process.chdir(temporaryDirectory());
  // Stacks are switched off: to make them takes longer than all the rest.
  Error.stackTraceLimit = 0;
  try {
    await counted(async () => {
      // Half as many calls as allowed, on average. A nightly run makes a million.
      const batches = Math.ceil((20 * numRuns) / CALLS_AT_A_TIME);
      const property = fc.asyncProperty(anyCalls, async (calls) => {
        const [failure] = await failuresOf(calls);
        if (failure) throw new Error(`${failure.name}: ${shown(failure.error)}`, { cause: failure.error });
      });
      await fc.assert(property, { numRuns: batches });
    });
  } finally {
    process.chdir(directory);
    Error.stackTraceLimit = stackTraceLimit;
  }
});

/** Arguments that once led to errors without a code. */
const gone = () => detached(new Uint8Array(16));
const once: Record<string, () => unknown> = {
  "socketpair, receive: a sparse list": () => sendmsg.socketpair("stream", { receive: new Array(3) }),
  "decodeAddress: bytes that were taken away": () => address.decodeAddress(gone()),
  "encodeControl: bytes that were taken away": () =>
    control.encodeControl([{ name: "unknown", level: 1, type: 99, data: gone() }]),
  "formatAddress: bytes that were taken away": () => address.formatAddress({ family: 5, data: gone() }),
  "decodeOption: bytes that were taken away": () => options.decodeOption("rcvBuf", gone()),
  "encodeOption: a sparse list of addresses": () => options.encodeOption("sctpBindxAdd", new Array(2)),
  "encodeAddress: a family that can't be printed": () =>
    address.encodeAddress({ family: Object.create(null) } as never),
  "CMSG_LEN: a length that can't be printed": () => control.CMSG_LEN({ toString: null } as never),
  "CMSG_SPACE: a layout that is none": () => control.CMSG_SPACE(4, "16" as never),
  "Message.from: null": () => sendmsg.Message.from(null as never),
  "Message.from: descriptors that are no list": () => sendmsg.Message.from({ fds: 5 } as never),
  "packetInfoNames: null": () => sendmsg.packetInfoNames("ipv4", null as never),
  "readPacketInfo: a value that is missing": () =>
    sendmsg.readPacketInfo({ control: [{ name: "ipPktInfo" }] } as never),
  "errorReport: a sparse list": () => sendmsg.errorReport({ control: new Array(1) } as never),
  "errorReport: an error without its fields": () =>
    sendmsg.errorReport({ control: [{ name: "ipRecvErr", value: { origin: 4 } }] } as never),
  "new Socket()": () => new (sendmsg.Socket as never as new () => unknown)(),
  "new Listener()": () => new (sendmsg.Listener as never as new () => unknown)(),
  "new FileDescriptor()": () => new (sendmsg.FileDescriptor as never as new () => unknown)(),
};

it.each(Object.entries(once))("%s: the error has a code", (_, call) => {
  expect(thrown(call)).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
});
