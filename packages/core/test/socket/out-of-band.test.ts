import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_INET, IPPROTO_MPTCP, MSG_DONTWAIT, MSG_OOB, SOCK_STREAM } from "../../src/constants/index.js";
import { EPERM } from "../../src/errno.js";
import { Listener, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { close, recvmsg, socket as syscallSocket } from "../../src/syscalls/index.js";
import { counted } from "../counted.js";
import { calls, isSettled, pass, rejection, thrown, turn, withPair } from "../pairs.js";
import { skipUnless } from "../target.js";

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
  it("is waited for, beside the receives of other data", () =>
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

  it("comes when it has been there already", () =>
    withTcp(async (a, b) => {
      await urgent(a, "!");
      expect(String((await b.recvmsg({ flags: MSG_OOB })).data)).toBe("!");
      expect(b.tryRecvmsg({ flags: MSG_OOB })).toBe(undefined);
    }));

  it("goes to those who wait, in order; an aborted wait takes none", () =>
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

  it("iteration yields one after the other, to the end", () =>
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

  it("the wait does not spin", () =>
    withTcp(async (a, b) => {
      const waiting = b.recvmsg({ flags: MSG_OOB });
      await a.sendmsg({ data: "ordinary" });
      expect(await calls("receive", () => pass(50))).toBeLessThan(5);
      await urgent(a, "!");
      await waiting;
    }));

  it("the wait ends with the stream, and when the socket is closed", () =>
    withTcp(async (a, b) => {
      const waiting = b.recvmsg({ flags: MSG_OOB });
      const closed = rejection(a.recvmsg({ flags: MSG_OOB }));
      await turn();
      await a.close();
      expect((await closed).code).toBe("ERR_SENDMSG_CLOSED");
      expect(await waiting).toMatchObject({ eof: true, data: Buffer.alloc(0) });
      expect((await b.recvmsg({ flags: MSG_OOB })).eof).toBe(true);
    }));

  it("the wait ends where the byte was announced, and reading is shut down before it comes", () =>
    withTcp(
      async (a, b) => {
        // More than b has room for: the urgent byte stays with a, and its place is told.
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

  it("the wait tells that the connection was reset; the next receive of other data does, too", () =>
    withTcp(async (a, b) => {
      const waiting = rejection(b.recvmsg({ flags: MSG_OOB }));
      a.options.set("linger", { onOff: true, seconds: 0 });
      await a.close();
      expect(await waiting).toMatchObject({ code: "ECONNRESET", syscall: "recvmsg" });
      expect((await rejection(b.recvmsg())).code).toBe("ECONNRESET");
    }));

  it("it tells both who wait that the connection was reset", () =>
    withTcp(async (a, b) => {
      const waiting = [b.recvmsg(), b.recvmsg({ flags: MSG_OOB })].map((each) => rejection(each));
      a.options.set("linger", { onOff: true, seconds: 0 });
      await a.close();
      expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(["ECONNRESET", "ECONNRESET"]);
    }));

  it("a failure to ask whether the peer has ended is no end", () =>
    withTcp(async (_, b) => {
      vi.spyOn(binding(), "poll").mockReturnValueOnce(-EPERM);
      expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject({
        code: "EPERM",
        syscall: "ppoll",
      });
    }));

  it("the socket is not given away while somebody waits for it", () =>
    withTcp(async (_, b) => {
      const controller = new AbortController();
      const waiting = rejection(b.recvmsg({ flags: MSG_OOB, signal: controller.signal }));
      for (const give of [() => b.detach(), () => b.toNet()]) {
        expect(thrown(give).code).toBe("ERR_INVALID_STATE");
      }
      controller.abort();
      expect((await waiting).code).toBe("ABORT_ERR");
    }));

  it("EINVAL where urgent bytes come in their place, as SO_OOBINLINE has them", () =>
    withTcp(async (a, b) => {
      b.options.set("oobInline", true);
      await urgent(a, "!");
      const error = await rejection(b.recvmsg({ flags: MSG_OOB }));
      expect(error).toMatchObject({ code: "EINVAL", syscall: "recvmsg" });
      expect(error.message).toContain("SO_OOBINLINE is on");
      expect(thrown(() => b.tryRecvmsg({ flags: MSG_OOB })).message).toBe(error.message);
      expect(String((await b.recvmsg()).data)).toBe("!");
    }));

  it("ENOTCONN on a socket that is not connected", () =>
    counted(async () => {
      const socket = Socket.from(syscallSocket(AF_INET, SOCK_STREAM));
      expect((await rejection(socket.recvmsg({ flags: MSG_OOB }))).code).toBe("ENOTCONN");
      await socket.close();
    }));
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("MSG_OOB where there is no out-of-band data", () => {
  const REFUSED = { code: "ERR_INVALID_ARG_VALUE", argument: "options.flags" };

  it.each(["seqpacket", "dgram"] as const)("%s refuses it by name", (type) =>
    withPair(type, async (_, b) => {
      expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
      expect(await rejection(b.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      expect(thrown(() => b.tryRecvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
    }),
  );

  skipUnless("this kernel has no MPTCP", hasMptcp())("so does MPTCP, which would give ordinary data", () =>
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

  it("so does UDP", () =>
    counted(async () => {
      const socket = await Socket.bind(LOOPBACK, { type: "dgram" });
      expect(await rejection(socket.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      await socket.close();
    }));
});
