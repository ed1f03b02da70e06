import { describe, expect, it } from "vitest";
import { SCM_RIGHTS, SOL_SOCKET } from "../../src/constants/index.js";
import { openAnyFile } from "../support/any-file.js";
import { closeSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { withBound } from "../support/transports.js";
import { detached, kindOf, RANGE, type Raw, TYPE, VALUE } from "./refusal.js";

/** A refused message is refused whole: nothing is sent or queued, and no descriptor stays open. */
describe("sendmsg refuses", () => {
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

  it("a control message that can only be received, with the kernel's EINVAL", () =>
    withPair("stream", async (a) => {
      const control = [{ name: "security" as const, value: "label" }];
      expect(await rejection(a.sendmsg({ data: "x", control }))).toMatchObject({
        code: "EINVAL",
        bytesSent: 0,
      });
    }));

  it("a path of 109 bytes, and names the argument that is too long", () =>
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

  it("a message whose getter throws, with the getter's error", () =>
    withPair("stream", async (a, b) => {
      const fd = openAnyFile();
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

  it("a list of data in which a getter has transferred an earlier buffer", () =>
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

describe("sendmsg refuses data that a getter has transferred", () => {
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
