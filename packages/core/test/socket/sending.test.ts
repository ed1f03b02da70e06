import { describe, expect, it } from "vitest";
import { Socket, socketpair } from "../../src/index.js";
import { mayTry } from "../../src/socket/fairness.js";
import { close, dup } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { sameFile } from "../support/descriptor-state.js";
import { closeSync } from "../support/files.mjs";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { bytesOf, cramp, drop, fill, read, TYPES, withPair } from "../support/pairs.js";
import { turn } from "../support/waiting.js";

describe.each(TYPES)("%s", (type) => {
  it("sends within the call if the kernel takes all", () =>
    withPair(type, async (a, b) => {
      const sending = a.sendmsg({ data: "at once" });
      expect(String(b.tryRecvmsg()!.data)).toBe("at once");
      expect(await sending).toEqual({ bytes: 7 });
    }));

  it("keeps the order of many sends and receives that wait", () =>
    withPair(type, async (a, b) => {
      const file = openFile("content");
      cramp(a);
      const count = 500;
      const sends = Array.from({ length: count }, (_, i) =>
        a.sendmsg({ data: String(i).padStart(4, "0"), fds: [file] }),
      );
      const receives = Array.from({ length: count }, () => b.recvmsg({ maxFds: 1 }));
      for (let i = 0; i < count; i++) {
        using message = await receives[i]!;
        expect(String(message.data)).toBe(String(i).padStart(4, "0"));
        expect(sameFile(message.fds[0]!.fd, file)).toBe(true);
      }
      expect(await Promise.all(sends)).toEqual(new Array(count).fill({ bytes: 4 }));
      closeSync(file);
    }));

  it("close() rejects waiting sends, and closes their duplicates of descriptors", () =>
    withPair(type, async (a) => {
      const file = openFile("x");
      fill(a);
      const sends = [1, 2, 3].map(() => rejection(a.sendmsg({ data: "x", fds: [file, file] })));
      await turn();
      const closing = a.close();
      for (const error of await Promise.all(sends)) {
        expect(error).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
      }
      await closing;
      closeSync(file);
    }));

  it("trySendmsg() returns undefined if the kernel has no room, or if a send waits", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      expect(a.trySendmsg({ data: "x" })).toBeUndefined();
      const waiting = a.sendmsg({ data: "x" });
      if (type === "stream") b.tryRecvmsg({ size: filled * 6 });
      else for (let i = 0; i < filled; i++) b.tryRecvmsg();
      expect(a.trySendmsg({ data: "out of turn" })).toBeUndefined();
      await waiting;
      expect(a.trySendmsg({ data: "y" })).toEqual({ bytes: 1 });
    }));

  it("shutdown('write') waits for the queued sends, and later sends fail with EPIPE", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const sending = a.sendmsg({ data: "queued" });
      const ending = a.shutdown("write");
      expect(await isSettled(ending)).toBe(false);
      expect(await rejection(a.sendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      expect(thrown(() => a.trySendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(String((await b.recvmsg()).data)).toBe("queued");
      await Promise.all([sending, ending]);
    }));

  it("close() rejects a shutdown('write') that waits", () =>
    withPair(type, async (a) => {
      fill(a);
      const sending = rejection(a.sendmsg({ data: "queued" }));
      const ending = rejection(a.shutdown("write"));
      await a.close();
      expect((await sending).code).toBe("ERR_SENDMSG_CLOSED");
      expect((await ending).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("an error of the kernel has bytesSent and syscall", () =>
    withPair(type, async (a, b) => {
      await b.close();
      const error = await rejection(a.sendmsg({ data: "x" }));
      expect(error).toMatchObject({
        code: type === "dgram" ? "ECONNREFUSED" : "EPIPE",
        syscall: "sendmsg",
        bytesSent: 0,
      });
      expect(error.errno).toBeLessThan(0);
    }));

  it("sends in both directions at once under back-pressure", () =>
    withPair(type, async (a, b) => {
      cramp(a, b);
      const count = 300;
      const send = (socket: typeof a) =>
        Promise.all(Array.from({ length: count }, () => socket.sendmsg({ data: "12345678" })));
      const receive = async (socket: typeof a) => {
        if (type === "stream") return bytesOf(await read(socket, count * 8)).length;
        let length = 0;
        for (let i = 0; i < count; i++) length += (await socket.recvmsg()).data.length;
        return length;
      };
      const [, , atA, atB] = await Promise.all([send(a), send(b), receive(a), receive(b)]);
      expect([atA, atB]).toEqual([count * 8, count * 8]);
    }));
});

describe("a socket whose number other code closes while a send waits", () => {
  const GONE = { code: "ERR_SENDMSG_CLOSED", bytesSent: 0 };

  it("rejects the waiting sends, and other sockets get their turn", () =>
    withPair("stream", async (a, b) => {
      const [c, d] = socketpair();
      // The copy keeps the socket open, so that events still come for the closed number.
      const copy = dup(a.fd);
      fill(a);
      const sends = [a.sendmsg({ data: "1" }), a.sendmsg({ data: "2" })].map(rejection);
      const receiving = d.recvmsg();
      close(a.fd);
      while (b.tryRecvmsg() !== undefined);
      c.trySendmsg({ data: "there" });
      // No immediate calls are left in this turn, so that both events are handled in the same turn.
      while (mayTry());
      for (const error of await Promise.all(sends)) expect(error).toMatchObject(GONE);
      expect(String((await receiving).data)).toBe("there");
      close(copy);
      await Promise.all([b, c, d].map((socket) => socket.close()));
    }));

  it("rejects a datagram that a timer would have sent", () =>
    counted(async () => {
      const stuck = await Socket.bind({ family: "unix" }, { type: "dgram" });
      const sender = await Socket.bind({ family: "unix" }, { type: "dgram" });
      const address = stuck.getsockname();
      while (sender.trySendmsg({ data: "filler", address }));
      const sending = rejection(sender.sendmsg({ data: "x", address }));
      close(sender.fd);
      expect(await sending).toMatchObject(GONE);
      await Promise.all([sender.close(), stuck.close()]);
    }));
});
