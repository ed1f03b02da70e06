import { readFile } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  MSG_ERRQUEUE,
  SO_TIMESTAMPING_OLD,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { errorReport, Socket } from "../../src/index.js";
import { mayTry } from "../../src/socket/fairness.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { withDeadPeer } from "../support/dead-peer.js";
import { isSettled, rejection } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { onRealKernel } from "../support/skip-unless.js";
import { pass, turn, until } from "../support/waiting.js";

/** More calls than pauses of 1 to 50 ms allow in 200 ms, and far fewer than a loop that spins makes. */
const FEW = 60;

describe("the error queue", () => {
  onRealKernel("does not make a waiting receive spin", () =>
    withDeadPeer(true, async (socket) => {
      const receiving = rejection(socket.recvmsg());
      await socket.sendmsg({ data: "x" });
      await turn();
      expect(await calls("receive", () => pass(200))).toBeLessThan(FEW);
      expect(await isSettled(receiving)).toBe(false);
      await socket.close();
      expect((await receiving).code).toBe("ERR_SENDMSG_CLOSED");
    }),
  );

  onRealKernel("gives recvError() earlier entries and later ones", () =>
    withDeadPeer(true, async (socket) => {
      await socket.sendmsg({ data: "before" });
      const before = await socket.recvError();
      expect(String(before.data)).toBe("before");
      expect(before.flags & MSG_ERRQUEUE).toBe(MSG_ERRQUEUE);
      expect(before.address).toEqual(socket.getpeername());
      expect(before.control.length).toBe(1);
      expect(before.eof).toBe(false);
      const waiting = socket.recvError();
      expect(await isSettled(waiting)).toBe(false);
      await socket.sendmsg({ data: "later" });
      expect(String((await waiting).data)).toBe("later");
    }),
  );

  onRealKernel("gives its entries to the waiting calls in order, and none to an aborted call", () =>
    withDeadPeer(true, async (socket) => {
      const controller = new AbortController();
      const first = socket.recvError();
      const aborted = rejection(socket.recvError({ signal: controller.signal }));
      const second = socket.recvError();
      controller.abort("why");
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      await socket.sendmsg({ data: "1" });
      await socket.sendmsg({ data: "2" });
      expect([String((await first).data), String((await second).data)]).toEqual(["1", "2"]);
      expect((await rejection(socket.recvError({ signal: AbortSignal.abort() }))).code).toBe("ABORT_ERR");
    }),
  );

  onRealKernel("keeps 1024 entries, and counts the ones that it drops", () =>
    counted(async () => {
      const peer = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const socket = await Socket.connect(peer.getsockname(), { type: "dgram" });
      const flags =
        SOF_TIMESTAMPING_TX_SOFTWARE |
        SOF_TIMESTAMPING_SOFTWARE |
        SOF_TIMESTAMPING_OPT_ID |
        SOF_TIMESTAMPING_OPT_TSONLY;
      setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, flags);
      const receiving = rejection(socket.recvmsg());
      const [sent, kept] = [1100, 1024];
      for (let i = 0; i < sent; i++) {
        await socket.sendmsg({ data: "x" });
        peer.tryRecvmsg();
        // The library must read the entries before the kernel's queue is full, because the kernel would drop more.
        if (i % 10 === 9) await until(() => socket.options.get("memInfo").rmemAlloc === 0);
      }
      for (let read = 0; read < kept; read++) (await socket.recvError())[Symbol.dispose]();
      const none = rejection(socket.recvError());
      expect(await isSettled(none)).toBe(false);
      expect(socket.errorsDropped).toBe(sent - kept);
      await Promise.all([socket.close(), peer.close()]);
      await Promise.all([receiving, none]);
    }),
  );

  it("is refused on a Unix socket, which has none", () =>
    withPair("dgram", async (a, b) => {
      await a.sendmsg({ data: "a message" });
      expect(await rejection(b.recvError())).toMatchObject({
        code: "EOPNOTSUPP",
        message: "recvmsg EOPNOTSUPP: unix sockets have no error queue",
      });
      expect(await rejection(b.errors().next())).toMatchObject({ code: "EOPNOTSUPP" });
      expect(String((await b.recvmsg()).data)).toBe("a message");
    }));

  onRealKernel("loses no entry if recvError() must wait for a turn of the event loop", async () => {
    await counted(async () => {
      const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const address = socket.getsockname();
      socket.options.set(
        "timestampingOld",
        SOF_TIMESTAMPING_TX_SOFTWARE |
          SOF_TIMESTAMPING_SOFTWARE |
          SOF_TIMESTAMPING_OPT_ID |
          SOF_TIMESTAMPING_OPT_TSONLY,
      );
      const ids: number[] = [];
      const next = async () => {
        const report = errorReport(await socket.recvError());
        if (report.kind === "timestamp") ids.push(report.id);
      };
      // From a callback of a file's, because then the turn comes before the next events.
      const first = await new Promise<Promise<void>>((resolve) =>
        readFile("/proc/self/comm", () => {
          while (mayTry());
          const waiting = next();
          for (const data of ["0", "1", "2"]) socket.trySendmsg({ data, address });
          resolve(waiting);
        }),
      );
      await first;
      await next();
      await next();
      expect(ids).toEqual([0, 1, 2]);
      expect(socket.errorsDropped).toBe(0);
      await socket.close();
    });
  });

  onRealKernel("rejects a waiting recvError() when the socket closes", () =>
    withDeadPeer(true, async (socket) => {
      const waiting = rejection(socket.recvError());
      await socket.close();
      expect((await waiting).code).toBe("ERR_SENDMSG_CLOSED");
    }),
  );
});
