import { describe, expect, it } from "vitest";
import { MSG_ERRQUEUE, MSG_TRUNC, SCM_RIGHTS, SOL_SOCKET } from "../src/constants/index.js";
import { type Address, Listener, Message, Socket, socketpair } from "../src/index.js";
import { counted } from "./counted.js";
import { closeSync, openSync } from "./files.mjs";
import { rejection, thrown, withPair } from "./pairs.js";
import { freshPath, withBound } from "./transports.js";

type Raw = Record<string, unknown>;

const TYPE = "ERR_INVALID_ARG_TYPE";
const VALUE = "ERR_INVALID_ARG_VALUE";
const RANGE = "ERR_OUT_OF_RANGE";

const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};

const kindOf = (code: string) => (code === RANGE ? RangeError : TypeError);

/** What is refused is refused whole: nothing has gone, nothing is queued, no descriptor is left over. */
describe("sendmsg refuses", () => {
  const file = () => openSync("/proc/self/status", "r");
  const messages: [what: string, message: () => unknown, code: string, argument: string][] = [
    ["nothing", () => undefined, TYPE, "message"],
    ["null", () => null, TYPE, "message"],
    ["a string in place of a message", () => "text", TYPE, "message"],
    ["bytes in place of a message", () => Buffer.from("text"), TYPE, "message"],
    ["a list in place of a message", () => ["text"], TYPE, "message"],
    ["a number as data", () => ({ data: 5 }), TYPE, "message.data"],
    ["null as data", () => ({ data: null }), TYPE, "message.data"],
    ["an object as data", () => ({ data: { length: 3 } }), TYPE, "message.data"],
    ["a number in the data's list", () => ({ data: ["a", 5] }), TYPE, "message.data[1]"],
    ["a list in the data's list", () => ({ data: ["a", ["b"]] }), TYPE, "message.data[1]"],
    ["1025 pieces of data", () => ({ data: new Array(1025).fill("x") }), RANGE, "message.data.length"],
    ["a detached buffer", () => ({ data: detached() }), VALUE, "message.data"],
    ["a detached buffer in a list", () => ({ data: ["x", detached()] }), VALUE, "message.data[1]"],
    ["a Set of descriptors", () => ({ data: "x", fds: new Set([0]) }), TYPE, "message.fds"],
    ["a descriptor that is not in a list", () => ({ data: "x", fds: 0 }), TYPE, "message.fds"],
    ["254 descriptors", () => ({ data: "x", fds: new Array(254).fill(0) }), RANGE, "message.fds.length"],
    ["a negative descriptor", () => ({ data: "x", fds: [0, -1] }), RANGE, "message.fds[1]"],
    ["a hole in the list of descriptors", () => ({ data: "x", fds: new Array(1) }), TYPE, "message.fds[0]"],
    [
      "a control message that is not in a list",
      () => ({ data: "x", control: { name: "credentials" } }),
      TYPE,
      "message.control",
    ],
    [
      "descriptors as a control message",
      () => ({ data: "x", control: [{ name: "rights", value: [0] }] }),
      VALUE,
      "message.control[0]",
    ],
    [
      "descriptors as an unknown control message",
      () => ({
        data: "x",
        control: [{ name: "unknown", level: SOL_SOCKET, type: SCM_RIGHTS, data: Buffer.alloc(4) }],
      }),
      VALUE,
      "message.control[0]",
    ],
    ["flags as text", () => ({ data: "x", flags: "MSG_EOR" }), TYPE, "message.flags"],
    ["flags that are no integer", () => ({ data: "x", flags: 1.5 }), RANGE, "message.flags"],
    ["flags beyond 32 bits", () => ({ data: "x", flags: 2 ** 33 }), RANGE, "message.flags"],
    ["an address as text", () => ({ data: "x", address: "/path" }), TYPE, "message.address"],
    ["null as an address", () => ({ data: "x", address: null }), TYPE, "message.address"],
    [
      "an address of another family",
      () => ({ data: "x", address: { family: "ipv4", address: "127.0.0.1", port: 1 } }),
      VALUE,
      "message.address",
    ],
    ["a path with NUL", () => ({ data: "x", address: { path: "a\0b" } }), VALUE, "message.address.path"],
    ["an empty path", () => ({ data: "x", address: { path: "" } }), VALUE, "message.address.path"],
    ["a path that is a number", () => ({ data: "x", address: { path: 5 } }), TYPE, "message.address.path"],
    ["descriptors without data on a stream", () => ({ fds: [0] }), VALUE, "message.fds"],
    [
      "descriptors with empty data on a stream",
      () => ({ data: ["", new Uint8Array(0)], fds: [0] }),
      VALUE,
      "message.fds",
    ],
  ];

  it.each(messages)("%s", (_, message, code, argument) =>
    withPair("stream", async (a, b) => {
      for (const error of [
        await rejection(a.sendmsg(message() as Raw)),
        thrown(() => a.trySendmsg(message() as Raw)),
      ]) {
        expect(error).toMatchObject({ code, argument, bytesSent: 0 });
        expect(error).toBeInstanceOf(kindOf(code));
        expect(error.message).toContain(`"${argument}"`);
      }
      expect(b.tryRecvmsg()).toBeUndefined();
    }),
  );

  it.each([
    ["credentials without a value", { name: "credentials" }],
    ["credentials with text for a number", { name: "credentials", value: { pid: "1", uid: 0, gid: 0 } }],
    ["credentials beyond 32 bits", { name: "credentials", value: { pid: 1, uid: 2 ** 32, gid: 0 } }],
    ["an unknown name", { name: "nonsense", value: 1 }],
    ["no name", {}],
    ["null", null],
  ])("a control message: %s", (_, item) =>
    withPair("stream", async (a, b) => {
      const error = await rejection(a.sendmsg({ data: "x", control: [item as never] }));
      expect(String(error.code)).toMatch(/^ERR_(INVALID_ARG_(TYPE|VALUE)|OUT_OF_RANGE)$/);
      expect(error.bytesSent).toBe(0);
      expect(String(error.argument)).toMatch(/^message\.control\[0\]/);
      expect(b.tryRecvmsg()).toBeUndefined();
    }),
  );

  it("a control message that can only be received: the kernel's EINVAL", () =>
    withPair("stream", async (a) => {
      const control = [{ name: "security" as const, value: "label" }];
      expect(await rejection(a.sendmsg({ data: "x", control }))).toMatchObject({
        code: "EINVAL",
        bytesSent: 0,
      });
    }));

  it("a path of 109 bytes, with the name of what is too long", () =>
    withBound({ type: "dgram", place: () => ({ path: freshPath() }) }, 1, async ([socket]) => {
      const error = await rejection(socket!.sendmsg({ data: "x", address: { path: "x".repeat(109) } }));
      expect(error).toMatchObject({ code: "ENAMETOOLONG", bytesSent: 0 });
      expect(error.message).toContain("message.address.path");
    }));

  it("descriptors on a socket that is not AF_UNIX", () =>
    withBound(
      { type: "dgram", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      1,
      async ([socket], [address]) => {
        const error = await rejection(socket!.sendmsg({ data: "x", fds: [0], address: address! }));
        expect(error).toMatchObject({ code: VALUE, argument: "message.fds", bytesSent: 0 });
      },
    ));

  it.each([
    ["options", 5, TYPE],
    ["options", null, TYPE],
    ["options.signal", { signal: {} }, TYPE],
    ["options.signal", { signal: null }, TYPE],
  ])("%s: %o", (argument, options, code) =>
    withPair("stream", async (a, b) => {
      expect(await rejection(a.sendmsg({ data: "x" }, options as Raw))).toMatchObject({
        code,
        argument,
        bytesSent: 0,
      });
      expect(b.tryRecvmsg()).toBeUndefined();
    }),
  );

  it("a getter that throws: its error, and nothing has gone", () =>
    withPair("stream", async (a, b) => {
      const fd = file();
      const message = {
        fds: [fd],
        get data(): string {
          throw new Error("from the getter");
        },
      };
      expect(await rejection(a.sendmsg(message))).toMatchObject({ message: "from the getter", bytesSent: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
      closeSync(fd);
    }));

  it("a getter that takes an earlier buffer away", () =>
    withPair("stream", async (a, b) => {
      const buffer = new Uint8Array(8);
      const data = [buffer, "x"];
      Object.defineProperty(data, 1, {
        get() {
          structuredClone(buffer, { transfer: [buffer.buffer] });
          return "x";
        },
      });
      expect(await rejection(a.sendmsg({ data }))).toMatchObject({
        code: VALUE,
        argument: "message.data[0]",
      });
      expect(b.tryRecvmsg()).toBeUndefined();
    }));
});

describe("a getter that takes the data away", () => {
  const cases: [what: string, message: (take: () => void) => object][] = [
    [
      "in a descriptor",
      (take) => ({
        fds: [
          {
            get fd() {
              take();
              return 0;
            },
          },
        ],
      }),
    ],
    [
      "in a control message",
      (take) => ({
        control: [
          {
            get name() {
              take();
              return "credentials";
            },
            value: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() },
          },
        ],
      }),
    ],
    [
      "in the address",
      (take) => ({
        address: {
          family: "unix",
          get abstract() {
            take();
            return "x";
          },
        },
      }),
    ],
  ];

  it.each(cases)("%s", (_, make) =>
    withPair("stream", async (a, b) => {
      for (const send of [
        (message: Raw) => a.sendmsg(message),
        async (message: Raw) => a.trySendmsg(message),
      ]) {
        const data = Buffer.from(new ArrayBuffer(8));
        const take = () => {
          if (data.length > 0) structuredClone(data, { transfer: [data.buffer] });
        };
        expect(await rejection(send({ data, ...make(take) } as Raw))).toMatchObject({
          code: VALUE,
          argument: "message.data",
        });
      }
      expect(b.tryRecvmsg()).toBeUndefined();
    }),
  );

  it("in the options", () =>
    withPair("stream", async (a, b) => {
      const data = Buffer.from(new ArrayBuffer(8));
      const options = {
        get signal(): undefined {
          structuredClone(data, { transfer: [data.buffer] });
          return undefined;
        },
      };
      expect(await rejection(a.sendmsg({ data }, options as never))).toMatchObject({
        argument: "message.data",
      });
      expect(b.tryRecvmsg()).toBeUndefined();
    }));
});

describe("recvmsg refuses", () => {
  const options: [what: string, options: () => unknown, code: string, argument: string][] = [
    ["null", () => null, TYPE, "options"],
    ["a number", () => 5, TYPE, "options"],
    ["maxFds as text", () => ({ maxFds: "1" }), TYPE, "options.maxFds"],
    ["maxFds below 0", () => ({ maxFds: -1 }), RANGE, "options.maxFds"],
    ["maxFds of 254", () => ({ maxFds: 254 }), RANGE, "options.maxFds"],
    ["maxFds that is no integer", () => ({ maxFds: 0.5 }), RANGE, "options.maxFds"],
    ["a size of 0", () => ({ size: 0 }), RANGE, "options.size"],
    ["a size below 0", () => ({ size: -1 }), RANGE, "options.size"],
    ["a size as text", () => ({ size: "1" }), TYPE, "options.size"],
    ["a size beyond an int", () => ({ size: 2 ** 31 }), RANGE, "options.size"],
    ["text as a buffer", () => ({ buffers: "x" }), TYPE, "options.buffers"],
    ["text in the list of buffers", () => ({ buffers: [Buffer.alloc(1), "x"] }), TYPE, "options.buffers[1]"],
    ["no buffer", () => ({ buffers: [] }), VALUE, "options.buffers"],
    ["a buffer without room", () => ({ buffers: Buffer.alloc(0) }), VALUE, "options.buffers"],
    [
      "1025 buffers",
      () => ({ buffers: new Array(1025).fill(Buffer.alloc(1)) }),
      RANGE,
      "options.buffers.length",
    ],
    ["a detached buffer", () => ({ buffers: [Buffer.alloc(1), detached()] }), VALUE, "options.buffers[1]"],
    ["a size and buffers", () => ({ buffers: Buffer.alloc(1), size: 1 }), VALUE, "options.size"],
    ["flags as text", () => ({ flags: "MSG_PEEK" }), TYPE, "options.flags"],
    ["the error queue", () => ({ flags: MSG_ERRQUEUE }), VALUE, "options.flags"],
    ["MSG_TRUNC on a stream", () => ({ flags: MSG_TRUNC }), VALUE, "options.flags"],
    ["a signal that is none", () => ({ signal: {} }), TYPE, "options.signal"],
    ["null as a signal", () => ({ signal: null }), TYPE, "options.signal"],
  ];

  it.each(options)("%s", (_, make, code, argument) =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "not consumed", fds: [0] });
      for (const error of [
        await rejection(b.recvmsg(make() as Raw)),
        thrown(() => b.tryRecvmsg(make() as Raw)),
      ]) {
        expect(error).toMatchObject({ code, argument });
        expect(error).toBeInstanceOf(kindOf(code));
      }
      using message = await b.recvmsg({ maxFds: 1 });
      expect([String(message.data), message.fds.length]).toEqual(["not consumed", 1]);
    }),
  );

  it.each([null, 5, [], "x"])("options that are none: %o", (options) =>
    withPair("stream", async (a, b) => {
      const given = options as never;
      await using listener = await Listener.listen({ family: "unix" });
      for (const error of [
        await rejection(b.recvError(given)),
        await rejection(b.errors(given).next()),
        await rejection(b.messages(given).next()),
        await rejection(b.connect({ family: "unix", abstract: "x" }, given)),
        await rejection(a.sendmsg({ data: "x" }, given)),
        await rejection(listener.accept(given)),
        await rejection(listener.connections(given).next()),
      ]) {
        expect(error).toMatchObject({ code: TYPE, argument: "options" });
      }
    }),
  );

  it("recvError: a signal that is none", () =>
    withPair("stream", async (_, b) => {
      expect(await rejection(b.recvError({ signal: {} as AbortSignal }))).toMatchObject({
        code: TYPE,
        argument: "options.signal",
      });
    }));
});

describe("making a socket refuses", () => {
  const options: [what: string, options: unknown, code: string, argument: string][] = [
    ["null", null, TYPE, "options"],
    ["text", "stream", TYPE, "options"],
    ["an unknown type", { type: "packet" }, VALUE, "options.type"],
    ["a type of Object's", { type: "toString" }, VALUE, "options.type"],
    ["a number as the type", { type: 1 }, TYPE, "options.type"],
    ["a protocol as text", { protocol: "tcp" }, TYPE, "options.protocol"],
    ["a protocol below 0", { protocol: -1 }, RANGE, "options.protocol"],
    ["a name that is not in a list", { receive: "credentials" }, TYPE, "options.receive"],
    ["an unknown control message", { receive: ["credentials", "nonsense"] }, VALUE, "options.receive[1]"],
    ["a control message that cannot be switched on", { receive: ["rights"] }, VALUE, "options.receive[0]"],
    ["a control message of Object's", { receive: ["toString"] }, VALUE, "options.receive[0]"],
    ["a symbol as a control message", { receive: [Symbol("x")] }, VALUE, "options.receive[0]"],
    ["maxFds of 254", { maxFds: 254 }, RANGE, "options.maxFds"],
    ["a mode beyond 0o777", { mode: 0o1777 }, RANGE, "options.mode"],
    ["a mode as text", { mode: "600" }, TYPE, "options.mode"],
    ["unlink that is not known", { unlink: "always" }, VALUE, "options.unlink"],
    ["unlink as a boolean", { unlink: true }, VALUE, "options.unlink"],
    ["ipv6Only as a number", { ipv6Only: 1 }, TYPE, "options.ipv6Only"],
    ["reusePort as text", { reusePort: "yes" }, TYPE, "options.reusePort"],
    ["a signal that is none", { signal: {} }, TYPE, "options.signal"],
  ];

  it.each(options)("%s", (_, raw, code, argument) =>
    counted(async () => {
      const given = raw as Raw;
      for (const error of [
        await rejection(Socket.connect({ path: freshPath() }, given)),
        await rejection(Socket.bind({ path: freshPath() }, given)),
        await rejection(Listener.listen({ path: freshPath() }, given)),
        thrown(() => Socket.from(0, given)),
        thrown(() => Listener.from(0, given)),
        ...(argument === "options.type" ? [] : [thrown(() => socketpair("stream", given))]),
      ]) {
        expect(error).toMatchObject({ code, argument });
        expect(error).toBeInstanceOf(kindOf(code));
      }
    }),
  );

  it.each([
    ["nothing", undefined, TYPE, ""],
    ["null", null, TYPE, ""],
    ["text", "/path", TYPE, ""],
    ["no fields", {}, VALUE, ""],
    ["an unknown family", { family: "ipv5" }, VALUE, ".family"],
    ["a path and a name", { path: "a", abstract: "b" }, VALUE, ""],
    ["a path with NUL", { path: "a\0b" }, VALUE, ".path"],
    ["a host name", { family: "ipv4", address: "localhost", port: 1 }, VALUE, ".address"],
    ["an IPv6 address as IPv4", { family: "ipv4", address: "::1", port: 1 }, VALUE, ".address"],
    ["a port beyond 65535", { family: "ipv4", address: "127.0.0.1", port: 65_536 }, RANGE, ".port"],
    ["no port", { family: "ipv4", address: "127.0.0.1" }, TYPE, ".port"],
    ["a port as text", { family: "ipv6", address: "::1", port: "80" }, TYPE, ".port"],
  ])("an address: %s", (_, raw, code, field) =>
    counted(async () => {
      const address = raw as Address;
      const calls: [string, Promise<unknown>][] = [
        ["to", Socket.connect(address)],
        ["at", Socket.bind(address)],
        ["at", Listener.listen(address)],
      ];
      for (const [argument, call] of calls) {
        const error = await rejection(call);
        expect(error).toMatchObject({ code, argument: `${argument}${field}` });
        expect(error).toBeInstanceOf(kindOf(code));
      }
      await withPair("stream", async (a) => {
        expect(await rejection(a.connect(address))).toMatchObject({ code, argument: `to${field}` });
      });
    }),
  );

  it("a path of 109 bytes: ENAMETOOLONG, never cut", () =>
    counted(async () => {
      const path = "x".repeat(109);
      for (const error of [
        await rejection(Socket.connect({ path })),
        await rejection(Socket.bind({ path })),
        await rejection(Listener.listen({ path })),
        await rejection(Listener.listen({ family: "unix", abstract: "x".repeat(108) })),
      ]) {
        expect(error.code).toBe("ENAMETOOLONG");
        expect(error.errno).toBeLessThan(0);
      }
    }));

  it.each([-1, 1.5, "511", null])("a backlog of %o", (backlog) =>
    counted(async () => {
      const error = await rejection(Listener.listen({ path: freshPath() }, { backlog: backlog as number }));
      expect(error).toMatchObject({
        code: typeof backlog === "number" ? RANGE : TYPE,
        argument: "options.backlog",
      });
    }),
  );

  it.each([
    ["tcp", VALUE],
    [1, TYPE],
    [null, TYPE],
    ["raw", VALUE],
  ])("socketpair(%o)", (type, code) =>
    counted(() => {
      expect(thrown(() => socketpair(type as "stream"))).toMatchObject({ code, argument: "type" });
    }),
  );

  it("a raw Unix socket: the kernel would make another one", () =>
    counted(async () => {
      const at = { path: freshPath() };
      for (const call of [Socket.bind, Socket.connect, Listener.listen]) {
        expect(await rejection(call(at, { type: "raw" }))).toMatchObject({
          code: VALUE,
          argument: "options.type",
        });
      }
    }));

  it.each([{ mode: 0o600 }, { unlink: "stale" }])("connect with %o", (options) =>
    counted(async () => {
      expect(await rejection(Socket.connect({ path: freshPath() }, options as object))).toMatchObject({
        code: VALUE,
        argument: `options.${Object.keys(options)[0]}`,
      });
    }),
  );

  it.each([{ mode: 0o600 }, { type: "stream" }, { reusePort: true }])("socketpair with %o", (options) =>
    counted(() => {
      expect(thrown(() => socketpair("stream", options as object))).toMatchObject({
        code: VALUE,
        argument: `options.${Object.keys(options)[0]}`,
      });
    }),
  );

  it("what the kernel cannot do: its error, and which call", () =>
    counted(async () => {
      const at = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
      expect(await rejection(Socket.bind(at, { type: "seqpacket" }))).toMatchObject({ syscall: "socket" });
      expect(await rejection(Socket.bind({ ...at, address: "203.0.113.1" }))).toMatchObject({
        code: "EADDRNOTAVAIL",
        syscall: "bind",
        address: "203.0.113.1",
        port: 0,
      });
    }));
});

describe("shutdown refuses", () => {
  it.each([undefined, null, "", "rd", "toString", 1, 5n, Symbol("read")])("%o", (how) =>
    withPair("stream", async (a, b) => {
      expect(await rejection(a.shutdown(how as "read"))).toMatchObject({ code: VALUE, argument: "how" });
      await a.sendmsg({ data: "still open" });
      expect(String((await b.recvmsg()).data)).toBe("still open");
    }),
  );

  it("a socket that is closed", () =>
    withPair("stream", async (a) => {
      await a.close();
      expect((await rejection(a.shutdown("both"))).code).toBe("ERR_SENDMSG_CLOSED");
    }));
});

describe("what only Unix sockets have", () => {
  it("is refused elsewhere", () =>
    withBound(
      { type: "dgram", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      1,
      ([socket]) => {
        expect(thrown(() => socket!.getPeerCredentials()).code).toBe("ERR_SENDMSG_NOT_UNIX");
        expect(thrown(() => socket!.getPeerPidfd()).code).toBe("ERR_SENDMSG_NOT_UNIX");
      },
    ));
});

describe("Message.from", () => {
  it("nothing is needed", () => expect(Message.from().eof).toBe(false));
});
