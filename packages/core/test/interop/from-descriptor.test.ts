import { describe, expect, it } from "vitest";
import {
  AF_UNIX,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPNS_OLD,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { FileDescriptor, Listener, Socket, socketpair } from "../../src/index.js";
import {
  close,
  dup,
  getsockopt,
  socket as open,
  socketpair as pairOfNumbers,
  sendmsg,
  setsockopt,
} from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { isNonBlocking, isOpen } from "../support/descriptor-state.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { turn } from "../support/waiting.js";

/** Whether the kernel knows this kind of timestamps. Old kernels and user-mode emulation lack some. */
function isKnown(option: number): boolean {
  const fd = open(AF_UNIX, SOCK_SEQPACKET);
  try {
    setsockopt(fd, SOL_SOCKET, option, 1);
    getsockopt(fd, SOL_SOCKET, option);
    return true;
  } catch {
    return false;
  } finally {
    close(fd);
  }
}

describe("Socket.from(number or FileDescriptor)", () => {
  it("finds out the socket's type", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
      const socket = Socket.from(a, { maxFds: 1 });
      expect([socket.type, socket.fd]).toEqual(["seqpacket", a]);
      const peer = Socket.from(FileDescriptor.adopt(b));
      await peer.sendmsg({ fds: [0] });
      using message = await socket.recvmsg();
      expect(message.fds.length).toBe(1);
      await peer.sendmsg({});
      expect((await socket.recvmsg()).eof).toBe(false);
      await Promise.all([socket.close(), peer.close()]);
    }));

  describe("of a Unix seqpacket socket that others share", () => {
    const isOn = (fd: number, option: number) => getsockopt(fd, SOL_SOCKET, option) === 1;

    it("switches timestamps on from the first receive until it is detached", () =>
      counted(() => {
        const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
        const shared = dup(a);
        const socket = Socket.from(a);
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        socket.tryRecvmsg();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.receive("credentials");
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.detach().close();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        close(shared);
        close(b);
      }));

    it.each([SO_TIMESTAMP_OLD, SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_OLD].filter(isKnown))(
      "keeps timestamps that were on before: option %d",
      (option) =>
        counted(async () => {
          const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
          const shared = dup(a);
          setsockopt(shared, SOL_SOCKET, option, 1);
          const socket = Socket.from(a);
          sendmsg(b, "");
          const { eof, control } = await socket.recvmsg();
          expect([eof, control]).toEqual([false, []]);
          socket.detach().close();
          expect(isOn(shared, option)).toBe(true);
          close(shared);
          close(b);
        }),
    );

    it("switches timestamps off in the end if the user has switched them on and off", () =>
      counted(() => {
        const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
        const shared = dup(a);
        const socket = Socket.from(a, { receive: ["timestampOld"] });
        socket.tryRecvmsg();
        socket.receive({ timestampOld: false });
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.detach().close();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        close(shared);
        close(b);
      }));
  });

  it("leaves a FileDescriptor without a number", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      const descriptor = FileDescriptor.adopt(a);
      const socket = Socket.from(descriptor);
      expect([descriptor.fd, socket.fd]).toEqual([-1, a]);
      expect(thrown(() => Socket.from(descriptor)).code).toBe("ERR_SENDMSG_CLOSED");
      await socket.close();
      close(b);
    }));

  it.each([
    [-1, "ERR_OUT_OF_RANGE"],
    [1.5, "ERR_OUT_OF_RANGE"],
    ["3", "ERR_INVALID_ARG_TYPE"],
    [undefined, "ERR_INVALID_ARG_TYPE"],
    [null, "ERR_INVALID_ARG_TYPE"],
    [{}, "ERR_INVALID_ARG_TYPE"],
  ])("refuses %o with %s", (value, code) => {
    for (const from of [Socket.from, Listener.from]) {
      expect(thrown(() => from(value as number))).toMatchObject({ code, argument: "source" });
    }
  });

  it("refuses sockets of this library, and leaves them open", () =>
    withPair("stream", async (a, b) => {
      const error = thrown(() => Socket.from(a as never));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "source" });
      expect(error.message).toContain("detach()");
      await a.sendmsg({ data: "still open" });
      expect(String((await b.recvmsg()).data)).toBe("still open");
      await using listener = await Listener.listen({ family: "unix" });
      expect(thrown(() => Listener.from(listener as never)).code).toBe("ERR_INVALID_ARG_VALUE");
      expect(listener.closed).toBe(false);
    }));

  it("refuses other objects with a descriptor, which they would keep", () =>
    counted(() => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      for (const source of [{ fd: a }, { fd: a, close: () => close(a) }]) {
        expect(thrown(() => Socket.from(source as never))).toMatchObject({
          code: "ERR_INVALID_ARG_TYPE",
          argument: "source",
        });
      }
      close(a);
      close(b);
    }));

  it.each([
    { type: "stream" },
    { protocol: 0 },
    { mode: 0o600 },
    { unlink: "stale" },
    { ipv6Only: true },
    { reusePort: false },
    { signal: new AbortController().signal },
  ])("refuses options for making a socket: %o", (options) =>
    counted(() => {
      const argument = `options.${Object.keys(options)[0]}`;
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      for (const from of [Socket.from, Listener.from]) {
        expect(thrown(() => from(a, options as never))).toMatchObject({
          code: "ERR_INVALID_ARG_VALUE",
          argument,
        });
      }
      expect(isOpen(a)).toBe(true);
      close(a);
      close(b);
    }),
  );

  it("refuses a number that is closed or has an owner", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      close(a);
      expect(thrown(() => Socket.from(a)).code).toBe("EBADF");
      const socket = Socket.from(b);
      expect(thrown(() => Socket.from(b)).code).toBe("ERR_SENDMSG_FD_OWNED");
      await socket.close();
    }));

  it("leaves the descriptor to the caller if it refuses the options", () =>
    counted(() => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      expect(thrown(() => Socket.from(a, { maxFds: 254 })).code).toBe("ERR_OUT_OF_RANGE");
      expect(thrown(() => Socket.from(a, { receive: ["nonsense" as never] })).code).toBe(
        "ERR_INVALID_ARG_VALUE",
      );
      expect(isOpen(a)).toBe(true);
      close(a);
      close(b);
    }));

  it("leaves the O_NONBLOCK of a shared socket unchanged, and still does not block", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM, 0, { blocking: true });
      const socket = Socket.from(a);
      expect(isNonBlocking(a)).toBe(false);
      expect(socket.tryRecvmsg()).toBeUndefined();
      const receiving = socket.recvmsg();
      await turn();
      sendmsg(b, "x");
      expect(String((await receiving).data)).toBe("x");
      const sending = rejection(socket.sendmsg({ data: Buffer.alloc(1 << 22) }));
      await turn();
      expect(isNonBlocking(a)).toBe(false);
      await socket.close();
      expect((await sending).code).toBe("ERR_SENDMSG_CLOSED");
      close(b);
    }));
});

describe("detach", () => {
  it("gives the descriptor to the caller, who can make another socket of it", () =>
    counted(async () => {
      const [a, b] = socketpair("seqpacket");
      const waiting = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "x" });
      await waiting;
      const descriptor = a.detach();
      expect([a.closed, a.fd]).toEqual([true, -1]);
      await a.close();
      expect(descriptor.fd).toBeGreaterThanOrEqual(0);
      const again = Socket.from(descriptor);
      const receiving = again.recvmsg();
      await turn();
      await b.sendmsg({ data: "y" });
      expect(String((await receiving).data)).toBe("y");
      await Promise.all([again.close(), b.close()]);
    }));
});
