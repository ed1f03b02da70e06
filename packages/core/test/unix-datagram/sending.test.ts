import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { FileDescriptor } from "../../src/index.js";
import { withSockets } from "../support/counted.js";
import { openSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { thrown } from "../support/outcome.js";
import { turn, until } from "../support/waiting.js";
import { bytes, open, server, stranger, take } from "./recorded.js";

/** A connected sender, and the receiver with its listeners' calls. */
function pair(maxFds = 0) {
  const receiver = server({ maxFds });
  const { socket, events } = open();
  socket.connect(receiver.at);
  return { receiver, socket, events };
}

describe("data", () => {
  test("can be empty, short, and longer than 64 KiB", () =>
    withSockets(async () => {
      const { receiver, socket } = pair();
      const long = "y".repeat(150_000);
      for (const text of ["", "x", long]) expect(socket.send(bytes(text), null)).toBe(true);
      for (const text of ["", long])
        expect(socket.sendWithFds(bytes(text), receiver.address, "fds", [])).toBe(true);
      await until(() => receiver.events.length === 5);
      expect(receiver.events).toEqual(["", "x", long, "", long]);
    }));

  test("can be used again after the call", () =>
    withSockets(async () => {
      const { receiver, socket } = pair();
      const data = Buffer.alloc(40_000, "a");
      for (const letter of ["a", "b", "c"]) {
        data.fill(letter);
        expect(socket.send(data, null)).toBe(true);
      }
      data.fill("z");
      await until(() => receiver.events.length === 3);
      expect(receiver.events).toEqual(["a", "b", "c"].map((letter) => letter.repeat(40_000)));
    }));

  test("that is longer than the socket's buffer is refused", () =>
    withSockets(() => {
      const { socket } = pair();
      const error = thrown(() => socket.send(new Uint8Array(16 << 20), null));
      expect(error).toMatchObject({ code: "EMSGSIZE", syscall: "sendmsg" });
      expect(error.message).toMatch(/^sendmsg EMSGSIZE: .*16777216/);
    }));

  test("whose memory was transferred is refused", () =>
    withSockets(async () => {
      const { receiver, socket, events } = pair();
      const data = new Uint8Array(100);
      structuredClone(data.buffer, { transfer: [data.buffer] });
      const refusal = {
        code: "ERR_INVALID_ARG_VALUE",
        message: expect.stringContaining(
          "must not be backed by an ArrayBuffer that is detached, or was made too short",
        ),
      };
      expect(thrown(() => socket.send(data, null))).toMatchObject(refusal);
      expect(thrown(() => socket.send(data, receiver.address))).toMatchObject(refusal);
      expect(thrown(() => socket.sendWithFds(data, null, "fds", [0]))).toMatchObject(refusal);
      expect(thrown(() => socket.sendWithFds(data, null, "fds", []))).toMatchObject(refusal);
      socket.send(bytes("next"), null);
      await until(() => receiver.events.length > 0);
      expect([receiver.events, events]).toEqual([["next"], []]);
    }));
});

describe("descriptors", () => {
  test("stay open here, and arrive", () =>
    withSockets(async () => {
      const { receiver, socket } = pair(253);
      const file = FileDescriptor.adopt(openSync("/dev/null", "r"));
      expect(socket.sendWithFds(bytes("one"), null, "fds", [file])).toBe(true);
      expect(socket.sendWithFds(bytes("all"), receiver.address, "fds", new Array(253).fill(file.fd))).toBe(
        true,
      );
      await until(() => receiver.events.length === 2);
      expect(receiver.events).toEqual(["one+1", "all+253"]);
      expect(file.fd).toBeGreaterThan(2);
      file.close();
    }));

  test.each<[string, unknown, object]>([
    [
      "a number",
      5,
      {
        code: "ERR_INVALID_ARG_TYPE",
        message:
          'The "options.fds" argument must be an array of descriptors. Received type number (5). Write [file] for one',
      },
    ],
    [
      "a set",
      new Set([0]),
      { code: "ERR_INVALID_ARG_TYPE", message: expect.stringContaining("Write [...set]") },
    ],
    [
      "a text",
      "/dev/null",
      { code: "ERR_INVALID_ARG_TYPE", message: expect.stringContaining("Open the file first") },
    ],
    ["null", null, { code: "ERR_INVALID_ARG_TYPE" }],
    [
      "254 entries",
      new Array(254).fill(0),
      {
        code: "ERR_OUT_OF_RANGE",
        message:
          'The value of "options.fds.length" is out of range. It must be <= 253 (SCM_MAX_FD). Received 254',
      },
    ],
    ["a negative number", [-1], { message: expect.stringContaining('"options.fds[0]"') }],
    ["a fraction", [0, 0.5], { message: expect.stringContaining('"options.fds[1]"') }],
    ["an object without a descriptor", [{}], { code: "ERR_INVALID_ARG_TYPE" }],
    ["a hole", new Array(1), { code: "ERR_INVALID_ARG_TYPE" }],
  ])("are refused: %s", (_, fds, refusal) =>
    withSockets(async () => {
      const { receiver, socket, events } = pair(253);
      expect(
        thrown(() => socket.sendWithFds(bytes("x"), null, "options.fds", fds as readonly number[])),
      ).toMatchObject(refusal);
      socket.send(bytes("next"), null);
      await until(() => receiver.events.length > 0);
      expect([receiver.events, events]).toEqual([["next"], []]);
    }),
  );

  test("are refused: a FileDescriptor that was closed", () =>
    withSockets(() => {
      const { socket } = pair();
      const file = FileDescriptor.adopt(openSync("/dev/null", "r"));
      file.close();
      expect(thrown(() => socket.sendWithFds(bytes("x"), null, "options.fds", [0, file]))).toMatchObject({
        code: "ERR_SENDMSG_CLOSED",
        message: 'The "options.fds[1]" argument is a FileDescriptor that was closed, detached or handed over',
      });
    }));

  test("are refused: a number that is not open", () =>
    withSockets(() => {
      const { socket } = pair();
      const error = thrown(() => socket.sendWithFds(bytes("x"), null, "options.fds", [0, 99_999]));
      expect(error).toMatchObject({ code: "EBADF", syscall: "sendmsg" });
      expect(error.message).toContain("99999");
    }));

  test("of a message that found no room are not sent, and can be sent again", () =>
    withSockets(async () => {
      const peer = stranger();
      const { socket, events } = open();
      socket.connect(peer.at);
      let sent = 0;
      while (socket.sendWithFds(bytes(`${sent}`), null, "fds", [0])) sent++;
      expect(socket.sendWithFds(bytes("x"), null, "fds", [0, 0])).toBe(false);
      for (let i = 0; i < sent; i++) expect(take(peer.fd)).toBe(`${i}`);
      await until(() => events.length > 0);
      expect(socket.sendWithFds(bytes("x"), null, "fds", [0, 0])).toBe(true);
      expect(take(peer.fd)).toBe("x");
    }));

  test("of an object whose getter closes the socket are not sent", () =>
    withSockets(async () => {
      const { receiver, socket } = pair(2);
      const closing = {
        get fd() {
          void socket.close();
          return 0;
        },
      };
      expect(thrown(() => socket.sendWithFds(bytes("x"), null, "fds", [closing]))).toMatchObject({
        code: "ERR_SENDMSG_CLOSED",
        message: "The socket is closed",
      });
      await socket.close();
      await turn();
      expect(receiver.events).toEqual([]);
    }));
});

describe("errors", () => {
  test("of a socket that is not connected", () =>
    withSockets(() => {
      const { socket } = open();
      expect(thrown(() => socket.send(bytes("x"), null))).toMatchObject({
        code: "ENOTCONN",
        syscall: "sendmsg",
      });
    }));

  test("of an address where nobody is", () =>
    withSockets(() => {
      const { socket } = open();
      const path = freshPath();
      const error = thrown(() => socket.send(bytes("x"), encodeAddress({ path })));
      expect(error).toMatchObject({ code: "ENOENT", syscall: "sendmsg", path });
    }));

  test("of a path that is taken, and of a second bind()", () =>
    withSockets(() => {
      const { at } = server();
      const { socket } = open();
      expect(thrown(() => socket.bind(at))).toMatchObject({ code: "EADDRINUSE", syscall: "bind" });
      socket.bind({ path: freshPath() });
      expect(thrown(() => socket.bind({ path: freshPath() }))).toMatchObject({
        code: "EINVAL",
        syscall: "bind",
      });
    }));

  test("of connect() leave the peer as it was", () =>
    withSockets(async () => {
      const { receiver, socket } = pair();
      expect(thrown(() => socket.connect({ path: freshPath() }))).toMatchObject({
        code: "ENOENT",
        syscall: "connect",
      });
      expect(socket.send(bytes("x"), null)).toBe(true);
      await until(() => receiver.events.length > 0);
      expect(receiver.events).toEqual(["x"]);
    }));
});
