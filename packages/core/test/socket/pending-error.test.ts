import { describe, expect } from "vitest";
import { Socket } from "../../src/index.js";
import { withDeadPeer } from "../support/dead-peer.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { turn, until } from "../support/waiting.js";

describe("trap 39: an earlier packet's error", () => {
  onRealKernel("with RECVERR, a send that meets it is made all the same", () =>
    withDeadPeer(true, async (socket) => {
      for (let i = 0; i < 5; i++) expect(await socket.sendmsg({ data: `${i}` })).toEqual({ bytes: 1 });
      for (let i = 0; i < 5; i++) expect(String((await socket.recvError()).data)).toBe(`${i}`);
    }),
  );

  onRealKernel("with RECVERR, a receive that meets it goes on waiting", () =>
    withDeadPeer(true, async (socket) => {
      await socket.sendmsg({ data: "x" });
      expect(socket.tryRecvmsg()).toBeUndefined();
      expect(String((await socket.recvError()).data)).toBe("x");
    }),
  );

  onRealKernel(
    "with RECVERR, a message that is too long is refused, though each refusal is reported there too",
    () =>
      withDeadPeer(true, async (socket) => {
        const data = Buffer.alloc(65_510); // of 65,507 at most
        expect(await rejection(socket.sendmsg({ data }))).toMatchObject({ code: "EMSGSIZE", bytesSent: 0 });
        expect(await socket.recvError()).toMatchObject({ eof: false });
      }),
  );

  onRealKernel("without, it rejects one call, and the next one is fine", () =>
    withDeadPeer(false, async (socket) => {
      await socket.sendmsg({ data: "1" });
      const error = await rejection(socket.sendmsg({ data: "2" }));
      expect(error).toMatchObject({ code: "ECONNREFUSED", syscall: "sendmsg", bytesSent: 0 });
      await socket.sendmsg({ data: "3" });
      expect(await rejection(socket.recvmsg())).toMatchObject({ code: "ECONNREFUSED", syscall: "recvmsg" });
    }),
  );

  onRealKernel("without, who waits to receive is told", () =>
    withDeadPeer(false, async (socket) => {
      const receiving = rejection(socket.recvmsg());
      await turn();
      await socket.sendmsg({ data: "x" });
      expect((await receiving).code).toBe("ECONNREFUSED");
    }),
  );

  onRealKernel("iterating, it goes to onError, and the loop goes on", () =>
    withDeadPeer(false, async (socket) => {
      const errors: unknown[] = [];
      const messages = socket.messages({
        onError: (error) => errors.push((error as { code?: unknown }).code),
      });
      const next = messages.next();
      await turn();
      await socket.sendmsg({ data: "x" });
      await until(() => errors.length > 0);
      const revived = await Socket.bind(socket.getpeername(), { type: "dgram" });
      await revived.sendmsg({ data: "here again", address: socket.getsockname() });
      const { value } = await next;
      expect(String(value!.data)).toBe("here again");
      expect(errors).toEqual(["ECONNREFUSED"]);
      await revived.close();
    }),
  );
});
