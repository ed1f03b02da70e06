import { describe, expect } from "vitest";
import { AF_INET, NETLINK_USERSOCK, SOCK_DGRAM } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { socket as syscallSocket } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { isSettled, rejection } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { kernelIsAtLeast } from "../support/target.js";
import { pass } from "../support/waiting.js";

describe("a send that fails with EAGAIN on a writable socket", () => {
  const userSocket = (): Promise<Socket> =>
    Socket.bind({ family: "netlink" }, { type: "dgram", protocol: NETLINK_USERSOCK });

  onRealKernel("over netlink, goes as soon as the receiver has room", () =>
    counted(async () => {
      const [sender, receiver] = [await userSocket(), await userSocket()];
      const address = receiver.getsockname();
      let count = 0;
      while (sender.trySendmsg({ data: `${count}`, address }) !== undefined) count++;
      const sends = [count, count + 1].map((data) => sender.sendmsg({ data: `${data}`, address }));
      expect(await isSettled(sends[0]!)).toBe(false);
      for (let i = 0; i < count + 2; i++) expect(String((await receiver.recvmsg()).data)).toBe(`${i}`);
      expect(await Promise.all(sends)).toEqual(
        [count, count + 1].map((data) => ({ bytes: `${data}`.length })),
      );
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );

  /** The sender has no port, and may get only one port, which another socket has. */
  const inRange = kernelIsAtLeast(6, 3)
    ? onRealKernel
    : skipUnless("needs IP_LOCAL_PORT_RANGE, Linux 6.3", false);

  inRange("over UDP without a free port, goes as soon as a port is free, and the next send follows", () =>
    counted(async () => {
      const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const holder = await Socket.bind({ address: "0.0.0.0", port: 0 }, { type: "dgram" });
      const { port } = holder.getsockname() as { port: number };
      const sender = Socket.from(syscallSocket(AF_INET, SOCK_DGRAM));
      sender.options.set("ipLocalPortRange", { low: port, high: port });
      const address = receiver.getsockname();
      const sends = ["first", "second"].map((data) => sender.sendmsg({ data, address }));
      expect(await isSettled(sends[0]!)).toBe(false);
      await holder.close();
      expect(await Promise.all(sends)).toEqual([{ bytes: 5 }, { bytes: 6 }]);
      for (const data of ["first", "second"]) {
        const message = await receiver.recvmsg();
        expect(String(message.data)).toBe(data);
        expect(message.address).toMatchObject({ port });
      }
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );

  onRealKernel("is tried again by a timer, and does not spin", () =>
    counted(async () => {
      const [sender, receiver] = [await userSocket(), await userSocket()];
      const address = receiver.getsockname();
      while (sender.trySendmsg({ data: "filler", address }) !== undefined);
      const controller = new AbortController();
      const sending = rejection(sender.sendmsg({ data: "x", address }, { signal: controller.signal }));
      expect(await calls("send", () => pass(200))).toBeLessThan(50);
      controller.abort();
      expect((await sending).code).toBe("ABORT_ERR");
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );
});
