import { describe, expect, it, vi } from "vitest";
import {
  AF_UNIX,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_OOB,
  MSG_PEEK,
  SO_OOBINLINE,
  SO_TIMESTAMP_OLD,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { CMSG_SPACE, decodeControl } from "../../src/control/index.js";
import { encodeRights } from "../../src/control/rights.js";
import { type Message, Socket, type SocketType, socketpair } from "../../src/index.js";
import { DENIED } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import {
  close,
  getsockopt,
  recvmsg,
  sendmsg,
  setsockopt,
  socketpair as socketpairOfNumbers,
} from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { closeSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { rejection, thrown } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { withPair } from "../support/pairs.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { turn } from "../support/waiting.js";

// The library's first receive switches on SO_OOBINLINE, or the timestamps of a seqpacket socket. Nothing before it does: a
// program that only passes a socket on must not change it.

/** Ignores the rejection of a receive that ends with its socket. */
const ignored = (promise: Promise<unknown>): void => void promise.catch(() => {});

const CASES = [
  ["stream", SOCK_STREAM, SO_OOBINLINE],
  ["seqpacket", SOCK_SEQPACKET, SO_TIMESTAMP_OLD],
] as const satisfies readonly [SocketType, number, number][];

const isOn = (socket: Socket | number, option: number): boolean =>
  getsockopt(typeof socket === "number" ? socket : socket.fd, SOL_SOCKET, option) === 1;

describe.each(CASES)("of a Unix %s socket", (type, number, option) => {
  it("is on from the first receive", () =>
    withPair(type, async (a, b) => {
      expect([isOn(a, option), isOn(b, option)]).toEqual([false, false]);
      await a.sendmsg({ data: "x" });
      a.receive("credentials");
      expect([isOn(a, option), isOn(b, option)]).toEqual([false, false]);
      await b.recvmsg();
      expect([isOn(a, option), isOn(b, option)]).toEqual([false, true]);
    }));

  it.each([
    ["recvmsg", (socket: Socket): void => ignored(socket.recvmsg())],
    ["tryRecvmsg", (socket: Socket): void => void socket.tryRecvmsg()],
    ["messages", (socket: Socket): void => ignored(socket.messages().next())],
  ] as const)("is switched on by %s, whether a message is there or not", (_, receive) =>
    withPair(type, (a) => {
      receive(a);
      expect(isOn(a, option)).toBe(true);
    }),
  );

  it("is not switched on by a receive that is refused or aborted", () =>
    withPair(type, async (a) => {
      await rejection(a.recvmsg({ maxFds: 254 }));
      await rejection(a.recvmsg({ signal: AbortSignal.abort() }));
      expect(isOn(a, option)).toBe(false);
    }));

  it("is not switched on by Socket.from() or detach()", () =>
    counted(() => {
      const [a, b] = socketpairOfNumbers(AF_UNIX, number);
      const socket = Socket.from(a);
      expect(isOn(a, option)).toBe(false);
      const descriptor = socket.detach();
      expect(isOn(a, option)).toBe(false);
      descriptor.close();
      close(b);
    }));

  it("is switched off when the socket is detached", () =>
    withPair(type, (a) => {
      a.tryRecvmsg();
      expect(isOn(a, option)).toBe(true);
      const descriptor = a.detach();
      expect(isOn(descriptor.fd, option)).toBe(false);
      descriptor.close();
    }));

  it("stays on if it was on before", () =>
    counted(() => {
      const [a, b] = socketpairOfNumbers(AF_UNIX, number);
      setsockopt(a, SOL_SOCKET, option, 1);
      const socket = Socket.from(a);
      socket.tryRecvmsg();
      const descriptor = socket.detach();
      expect(isOn(a, option)).toBe(true);
      descriptor.close();
      close(b);
    }));

  it("is off when the socket is sent, and on again from our next receive", () =>
    withPair("dgram", (sender, receiver) =>
      withPair(type, async (a) => {
        a.tryRecvmsg();
        await sender.sendmsg({ data: "x", fds: [a] });
        expect(isOn(a, option)).toBe(false);
        using message = await receiver.recvmsg({ maxFds: 1 });
        expect(isOn(message.fds[0]!.fd, option)).toBe(false);
        a.tryRecvmsg();
        expect(isOn(a, option)).toBe(true);
      }),
    ));

  it("is off before the message with the socket goes, because its receiver may be faster", () =>
    withPair("dgram", (sender) =>
      withPair(type, async (a) => {
        a.tryRecvmsg();
        const native = binding();
        const { send: call } = native;
        const seen: boolean[] = [];
        const watching = vi.spyOn(native, "send").mockImplementation((...args) => {
          seen.push(isOn(a, option));
          return call(...args);
        });
        try {
          await sender.sendmsg({ data: "x", fds: [a] });
        } finally {
          watching.mockRestore();
        }
        expect(seen).toEqual([false]);
      }),
    ));

  it("stays on while a receive waits", () =>
    withPair("dgram", (sender) =>
      withPair(type, async (a, b) => {
        const waiting = a.recvmsg();
        await sender.sendmsg({ data: "x", fds: [a] });
        expect(isOn(a, option)).toBe(true);
        await b.sendmsg({ data: "y" });
        expect(String((await waiting).data)).toBe("y");
      }),
    ));

  it.each([
    ["the kernel", -1, "EPERM"],
    ["a seccomp filter", DENIED - 1, "EPERM"],
  ])(
    "makes a receive fail if %s refuses it. The receive names the cause and consumes nothing, and the next one tries again",
    (_, result, code) =>
      withPair(type, async (a, b) => {
        await b.sendmsg({ data: "x" });
        const refusing = vi.spyOn(binding(), "setsockopt").mockReturnValue(result);
        try {
          for (const error of [await rejection(a.recvmsg()), thrown(() => a.tryRecvmsg())]) {
            expect(error).toMatchObject({ code, syscall: "setsockopt" });
            expect(error.message).toContain(type === "stream" ? "SO_OOBINLINE" : "SO_TIMESTAMP");
          }
        } finally {
          refusing.mockRestore();
        }
        expect(String((await a.recvmsg()).data)).toBe("x");
      }),
  );
});

it("the library switches nothing on for any other socket", () =>
  withPair("dgram", (a) => {
    const setting = vi.spyOn(binding(), "setsockopt");
    try {
      a.tryRecvmsg();
      expect(setting).not.toHaveBeenCalled();
    } finally {
      setting.mockRestore();
    }
  }));

it("later receives make no system call for the settings", () =>
  withPair("seqpacket", (a) => {
    a.tryRecvmsg();
    const calls = [vi.spyOn(binding(), "setsockopt"), vi.spyOn(binding(), "getsockopt")];
    try {
      a.tryRecvmsg();
      for (const call of calls) expect(call).not.toHaveBeenCalled();
    } finally {
      for (const call of calls) call.mockRestore();
    }
  }));

describe("a seqpacket socket's timestamps", () => {
  it("come with messages that were queued before the first receive, so that an empty one is not taken for the end", () =>
    withPair("seqpacket", async (a, b) => {
      for (const data of ["", "x", ""]) await b.sendmsg({ data });
      await b.close();
      const received: Message[] = [];
      for (let i = 0; i < 4; i++) received.push(await a.recvmsg());
      expect(received.map(({ eof, data, control }) => [eof, String(data), control])).toEqual([
        [false, "", []],
        [false, "x", []],
        [false, "", []],
        [true, "", []],
      ]);
    }));

  it("are not delivered to the receiver of our end, so that a descriptor fits into CMSG_SPACE(sizeof(int))", () =>
    withPair("seqpacket", async (a, b) => {
      a.tryRecvmsg();
      const given = a.detach();
      const file = openFile("content");
      await b.sendmsg({ data: "x", fds: [file] });
      closeSync(file);
      const control = new Uint8Array(CMSG_SPACE(4));
      const { controlLength, flags } = recvmsg(given.fd, [new Uint8Array(1)], {
        control,
        flags: MSG_DONTWAIT,
      });
      const items = decodeControl(control.subarray(0, controlLength), { family: "unix" });
      const fds = items.flatMap((item) => (item.name === "rights" ? item.value : []));
      expect([fds.length, flags & MSG_CTRUNC]).toEqual([1, 0]);
      for (const fd of fds) close(fd);
      given.close();
    }));
});

describe("out-of-band data on a Unix stream", () => {
  const withOob = skipUnless(
    "this kernel has no MSG_OOB on Unix sockets; Linux has it since 5.15 with CONFIG_AF_UNIX_OOB",
    has.unixOob(),
  );

  /** Sends with system calls: `a`, then `b` with MSG_OOB and descriptors, then `c`. */
  function sendAll(socket: Socket, fds: number): void {
    const file = openFile("content");
    sendmsg(socket.fd, "a");
    sendmsg(socket.fd, "b", { flags: MSG_OOB, control: encodeRights(new Array(fds).fill(file)) });
    sendmsg(socket.fd, "c");
    closeSync(file);
  }

  withOob("is received in its place with its descriptors, to which maxFds applies", () =>
    withPair("stream", async (a, b) => {
      for (const maxFds of [0, 1, 2]) {
        sendAll(b, 2);
        let data = "";
        let kept = 0;
        let dropped = 0;
        while (data.length < 3) {
          using message = await a.recvmsg({ maxFds });
          data += String(message.data);
          kept += message.fds.length;
          dropped += message.droppedFds;
        }
        expect([data, kept, dropped]).toEqual(["abc", maxFds, 2 - maxFds]);
      }
    }),
  );

  withOob("is received whole, one byte after the other, and wakes a waiting receive", () =>
    withPair("stream", async (a, b) => {
      const waiting = a.recvmsg();
      await turn();
      sendmsg(b.fd, "1", { flags: MSG_OOB });
      expect(String((await waiting).data)).toBe("1");
      for (const byte of ["2", "3", "4"]) sendmsg(b.fd, byte, { flags: MSG_OOB });
      let data = "";
      while (data.length < 3) data += String((await a.recvmsg()).data);
      expect(data).toBe("234");
    }),
  );

  withOob("can be peeked at in its place", () =>
    withPair("stream", async (a, b) => {
      sendmsg(b.fd, "b", { flags: MSG_OOB });
      expect(String((await a.recvmsg({ flags: MSG_PEEK })).data)).toBe("b");
      expect(String((await a.recvmsg()).data)).toBe("b");
    }),
  );

  it("can't be received with MSG_OOB, which is refused by name", () =>
    withPair("stream", async (a) => {
      const wanted = { code: "ERR_INVALID_ARG_VALUE", argument: "options.flags" };
      for (const error of [
        await rejection(a.recvmsg({ flags: MSG_OOB })),
        thrown(() => a.tryRecvmsg({ flags: MSG_OOB })),
      ]) {
        expect(error).toMatchObject(wanted);
        expect(error.message).toContain("MSG_OOB on a Unix stream");
      }
    }));

  it("stays in its place when the program switches oobInline off", () =>
    withPair("stream", (a) => {
      a.tryRecvmsg();
      a.options.set("oobInline", false);
      expect(isOn(a, SO_OOBINLINE)).toBe(true);
      const descriptor = a.detach();
      expect(isOn(descriptor.fd, SO_OOBINLINE)).toBe(false);
      descriptor.close();
    }));

  it("is delivered as the program's own oobInline setting says", () =>
    withPair("stream", (a) => {
      a.tryRecvmsg();
      a.options.set("oobInline", true);
      const descriptor = a.detach();
      expect(isOn(descriptor.fd, SO_OOBINLINE)).toBe(true);
      descriptor.close();
    }));

  onRealKernel("has its earlier setting again when the socket becomes a net.Socket", () =>
    counted(async () => {
      const [a, b] = socketpair();
      a.tryRecvmsg();
      const { fd } = a;
      const socket = a.toNet();
      expect(isOn(fd, SO_OOBINLINE)).toBe(false);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.destroy();
      await Promise.all([closed, b.close()]);
    }),
  );
});
