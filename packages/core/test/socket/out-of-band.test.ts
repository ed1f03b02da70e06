import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_INET, IPPROTO_MPTCP, MSG_DONTWAIT, MSG_OOB, SOCK_STREAM } from "../../src/constants/index.js";
import { EPERM } from "../../src/errno.js";
import { Listener, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { close, recvmsg, socket as syscallSocket } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";
import { pass, turn } from "../support/waiting.js";

const LOOPBACK = { address: "127.0.0.1", port: 0 } as const;

async function withTcp(
  body: (a: Socket, b: Socket) => Promise<void>,
  { rcvBuf }: { rcvBuf?: number } = {},
): Promise<void> {
  await counted(async () => {
    const listener = await Listener.listen(LOOPBACK);
    if (rcvBuf !== undefined) listener.options.set("rcvBuf", rcvBuf);
    const [a, b] = await Promise.all([Socket.connect(listener.getsockname()), listener.accept()]);
    try {
      await body(a, b);
    } finally {
      await Promise.all([a, b, listener].map((each) => each.close()));
    }
  });
}

function hasMptcp(): boolean {
  try {
    close(syscallSocket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
    return true;
  } catch {
    return false;
  }
}

const urgent = (socket: Socket, data: string) => socket.sendmsg({ data, flags: MSG_OOB });

describe("TCP's urgent byte", () => {
  it("does not make close() forget a receive that has not asked the kernel yet", () =>
    withTcp(async (a, b) => {
      // After some receives that found nothing when they began, the next ones wait at once.
      for (let i = 0; i < 8; i++) {
        const waiting = b.recvmsg();
        await turn();
        await a.sendmsg({ data: "x" });
        await waiting;
      }
      a.trySendmsg({ data: "last words" });
      const ordinary = b.recvmsg();
      const waiting = rejection(b.recvmsg({ flags: MSG_OOB }));
      void b.close();
      expect(String((await ordinary).data)).toBe("last words");
      expect((await waiting).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("can be awaited while other receives wait", () =>
    withTcp(async (a, b) => {
      const waiting = b.recvmsg({ flags: MSG_OOB });
      const ordinary = b.recvmsg();
      expect(await isSettled(waiting)).toBe(false);
      await a.sendmsg({ data: "before" });
      expect(String((await ordinary).data)).toBe("before");
      expect(await isSettled(waiting)).toBe(false);
      await urgent(a, "!");
      const message = await waiting;
      expect([String(message.data), message.flags & MSG_OOB, message.eof]).toEqual(["!", MSG_OOB, false]);
      await a.sendmsg({ data: "after" });
      expect(String((await b.recvmsg()).data)).toBe("after");
    }));

  it("is received if it has already arrived", () =>
    withTcp(async (a, b) => {
      await urgent(a, "!");
      expect(String((await b.recvmsg({ flags: MSG_OOB })).data)).toBe("!");
      expect(b.tryRecvmsg({ flags: MSG_OOB })).toBe(undefined);
    }));

  it("goes to the waiting receives in order, and an aborted one takes none", () =>
    withTcp(async (a, b) => {
      const controller = new AbortController();
      const aborted = rejection(b.recvmsg({ flags: MSG_OOB, signal: controller.signal }));
      const waits = [b.recvmsg({ flags: MSG_OOB }), b.recvmsg({ flags: MSG_OOB })];
      controller.abort();
      expect((await aborted).code).toBe("ABORT_ERR");
      await urgent(a, "1");
      expect(String((await waits[0]!).data)).toBe("1");
      await urgent(a, "2");
      expect(String((await waits[1]!).data)).toBe("2");
    }));

  it("is yielded by iteration, each one, until the end", () =>
    withTcp(async (a, b) => {
      const seen: string[] = [];
      for (const byte of ["1", "2", "3"]) {
        await urgent(a, byte);
        for await (const message of b.messages({ flags: MSG_OOB })) {
          seen.push(String(message.data));
          break;
        }
      }
      await a.shutdown("write");
      for await (const message of b.messages({ flags: MSG_OOB })) seen.push(String(message.data));
      expect(seen).toEqual(["1", "2", "3"]);
    }));

  it("is awaited without spinning", () =>
    withTcp(async (a, b) => {
      const waiting = b.recvmsg({ flags: MSG_OOB });
      await a.sendmsg({ data: "ordinary" });
      expect(await calls("receive", () => pass(50))).toBeLessThan(5);
      await urgent(a, "!");
      await waiting;
    }));

  it("is awaited until the stream ends or the socket closes", () =>
    withTcp(async (a, b) => {
      const waiting = b.recvmsg({ flags: MSG_OOB });
      const closed = rejection(a.recvmsg({ flags: MSG_OOB }));
      await turn();
      await a.close();
      expect((await closed).code).toBe("ERR_SENDMSG_CLOSED");
      expect(await waiting).toMatchObject({ eof: true, data: Buffer.alloc(0) });
      expect((await b.recvmsg({ flags: MSG_OOB })).eof).toBe(true);
    }));

  it("is awaited until reading is shut down, even if it was announced", () =>
    withTcp(
      async (a, b) => {
        // More data than b has room for: the urgent byte stays in a's queue, and TCP announces its place.
        await urgent(a, "x".repeat(20_000));
        const space = new Uint8Array(1);
        const knows = () =>
          thrown(() => recvmsg(b.fd, space, { flags: MSG_OOB | MSG_DONTWAIT })).code === "EAGAIN";
        while (!knows()) await turn();
        await b.shutdown("read");
        for await (const message of b.messages({ flags: MSG_OOB })) expect(message).toBe("none");
      },
      { rcvBuf: 2304 },
    ));

  it("rejects its wait when the connection is reset, as does the next receive of other data", () =>
    withTcp(async (a, b) => {
      const waiting = rejection(b.recvmsg({ flags: MSG_OOB }));
      a.options.set("linger", { onOff: true, seconds: 0 });
      await a.close();
      expect(await waiting).toMatchObject({ code: "ECONNRESET", syscall: "recvmsg" });
      expect((await rejection(b.recvmsg())).code).toBe("ECONNRESET");
    }));

  it("rejects both kinds of waiting receives when the connection is reset", () =>
    withTcp(async (a, b) => {
      const waiting = [b.recvmsg(), b.recvmsg({ flags: MSG_OOB })].map((each) => rejection(each));
      a.options.set("linger", { onOff: true, seconds: 0 });
      await a.close();
      expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(["ECONNRESET", "ECONNRESET"]);
    }));

  it("does not report the end if the question whether the peer has ended fails", () =>
    withTcp(async (_, b) => {
      vi.spyOn(binding(), "poll").mockReturnValueOnce(-EPERM);
      expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject({
        code: "EPERM",
        syscall: "ppoll",
      });
    }));

  it("keeps the socket from being detached while a receive waits for it", () =>
    withTcp(async (_, b) => {
      const controller = new AbortController();
      const waiting = rejection(b.recvmsg({ flags: MSG_OOB, signal: controller.signal }));
      for (const give of [() => b.detach(), () => b.toNet()]) {
        expect(thrown(give).code).toBe("ERR_INVALID_STATE");
      }
      controller.abort();
      expect((await waiting).code).toBe("ABORT_ERR");
    }));

  it("can't be received apart with SO_OOBINLINE: EINVAL", () =>
    withTcp(async (a, b) => {
      b.options.set("oobInline", true);
      await urgent(a, "!");
      const error = await rejection(b.recvmsg({ flags: MSG_OOB }));
      expect(error).toMatchObject({ code: "EINVAL", syscall: "recvmsg" });
      expect(error.message).toContain("SO_OOBINLINE is on");
      expect(thrown(() => b.tryRecvmsg({ flags: MSG_OOB })).message).toBe(error.message);
      expect(String((await b.recvmsg()).data)).toBe("!");
    }));

  it("can't be received on an unconnected socket: ENOTCONN", () =>
    counted(async () => {
      const socket = Socket.from(syscallSocket(AF_INET, SOCK_STREAM));
      expect((await rejection(socket.recvmsg({ flags: MSG_OOB }))).code).toBe("ENOTCONN");
      await socket.close();
    }));
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("MSG_OOB on a socket without out-of-band data", () => {
  const REFUSED = { code: "ERR_INVALID_ARG_VALUE", argument: "options.flags" };

  it.each(["seqpacket", "dgram"] as const)("is refused by name: %s", (type) =>
    withPair(type, async (_, b) => {
      expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
      expect(await rejection(b.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      expect(thrown(() => b.tryRecvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
    }),
  );

  skipUnless("this kernel has no MPTCP", hasMptcp())(
    "is refused on MPTCP, which would give ordinary data",
    () =>
      counted(async () => {
        const listener = await Listener.listen(LOOPBACK, { protocol: IPPROTO_MPTCP });
        const connecting = Socket.connect(listener.getsockname(), { protocol: IPPROTO_MPTCP });
        const [a, b] = await Promise.all([connecting, listener.accept()]);
        for (const socket of [a, b]) {
          expect(await rejection(socket.recvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
        }
        await Promise.all([a, b, listener].map((each) => each.close()));
      }),
  );

  it("is refused on UDP", () =>
    counted(async () => {
      const socket = await Socket.bind(LOOPBACK, { type: "dgram" });
      expect(await rejection(socket.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      await socket.close();
    }));
});
