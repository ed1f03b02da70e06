import { describe, expect, it } from "vitest";
import { Listener, Socket } from "../../src/index.js";
import { AF_INET, MSG_OOB, SOCK_STREAM, socket as syscallSocket } from "../../src/syscalls/index.js";
import { counted } from "../counted.js";
import { calls, isSettled, pass, rejection, thrown, turn, withPair } from "../pairs.js";

const LOOPBACK = { address: "127.0.0.1", port: 0 } as const;

async function withTcp(body: (a: Socket, b: Socket) => Promise<void>): Promise<void> {
  await counted(async () => {
    const listener = await Listener.listen(LOOPBACK);
    const [a, b] = await Promise.all([Socket.connect(listener.getsockname()), listener.accept()]);
    try {
      await body(a, b);
    } finally {
      await Promise.all([a, b, listener].map((each) => each.close()));
    }
  });
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

describe("MSG_OOB where there is no out-of-band data", () => {
  const REFUSED = { code: "ERR_INVALID_ARG_VALUE", argument: "options.flags" };

  it.each(["seqpacket", "dgram"] as const)("%s refuses it by name", (type) =>
    withPair(type, async (_, b) => {
      expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
      expect(await rejection(b.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      expect(thrown(() => b.tryRecvmsg({ flags: MSG_OOB }))).toMatchObject(REFUSED);
    }),
  );

  it("so does UDP", () =>
    counted(async () => {
      const socket = await Socket.bind(LOOPBACK, { type: "dgram" });
      expect(await rejection(socket.messages({ flags: MSG_OOB }).next())).toMatchObject(REFUSED);
      await socket.close();
    }));
});
