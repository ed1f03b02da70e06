import { describe, expect } from "vitest";
import { Socket } from "../../src/index.js";
import { withDeadPeer } from "../support/dead-peer.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { turn, until } from "../support/waiting.js";

describe("the error of an earlier packet", () => {
  onRealKernel("with RECVERR, does not keep the next send from going", () =>
    withDeadPeer(true, async (socket) => {
      for (let i = 0; i < 5; i++) expect(await socket.sendmsg({ data: `${i}` })).toEqual({ bytes: 1 });
      for (let i = 0; i < 5; i++) expect(String((await socket.recvError()).data)).toBe(`${i}`);
    }),
  );

  onRealKernel("with RECVERR, does not end a waiting receive", () =>
    withDeadPeer(true, async (socket) => {
      await socket.sendmsg({ data: "x" });
      expect(socket.tryRecvmsg()).toBeUndefined();
      expect(String((await socket.recvError()).data)).toBe("x");
    }),
  );

  onRealKernel("with RECVERR, is told apart from the refusal of a message that is too long", () =>
    withDeadPeer(true, async (socket) => {
      const data = Buffer.alloc(65_510); // of 65,507 at most
      expect(await rejection(socket.sendmsg({ data }))).toMatchObject({ code: "EMSGSIZE", bytesSent: 0 });
      expect(await socket.recvError()).toMatchObject({ eof: false });
    }),
  );

  onRealKernel("without RECVERR, rejects one call, and the next call succeeds", () =>
    withDeadPeer(false, async (socket) => {
      await socket.sendmsg({ data: "1" });
      const error = await rejection(socket.sendmsg({ data: "2" }));
      expect(error).toMatchObject({ code: "ECONNREFUSED", syscall: "sendmsg", bytesSent: 0 });
      await socket.sendmsg({ data: "3" });
      expect(await rejection(socket.recvmsg())).toMatchObject({ code: "ECONNREFUSED", syscall: "recvmsg" });
    }),
  );

  onRealKernel("without RECVERR, rejects a waiting receive", () =>
    withDeadPeer(false, async (socket) => {
      const receiving = rejection(socket.recvmsg());
      await turn();
      await socket.sendmsg({ data: "x" });
      expect((await receiving).code).toBe("ECONNREFUSED");
    }),
  );

  onRealKernel("without RECVERR, is reported to onError, and the iteration goes on", () =>
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
