import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";

/** A pair whose first end must wait with its next message. `drain` makes room. */
async function fullPair(): Promise<{ sender: Socket; receiver: Socket; drain: () => Promise<void> }> {
  const [sender, receiver] = socketpair("seqpacket");
  while (sender.trySendmsg({ data: "x" }) !== undefined);
  return {
    sender,
    receiver,
    drain: async () => {
      while (receiver.tryRecvmsg() !== undefined);
    },
  };
}

describe.each([
  ["as an object", (listener: Listener | Socket) => listener],
  ["as a number", (listener: Listener | Socket) => listener.fd],
  ["as an object with its number", (listener: Listener | Socket) => ({ fd: listener.fd })],
])("a socket that is sent %s", (_, as) => {
  it.each(["listener", "datagram socket"])("%s: leaves its file when it closes after the send", (what) =>
    counted(async () => {
      const path = freshPath();
      const bound =
        what === "listener"
          ? await Listener.listen({ path })
          : await Socket.bind({ path }, { type: "dgram" });
      const [sender, receiver] = socketpair();
      await sender.sendmsg({ data: "x", fds: [as(bound)] });
      await bound.close();
      expect(existsSync(path)).toBe(true);
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );

  it("leaves its file when it closes while the message waits", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const { sender, receiver, drain } = await fullPair();
      const sending = sender.sendmsg({ data: "last", fds: [as(listener)] });
      await listener.close();
      expect(existsSync(path)).toBe(true);
      await drain();
      await sending;
      const message = await receiver.recvmsg({ maxFds: 1 });
      const successor = Listener.from(message.takeFds()[0]!);
      await (await Socket.connect({ path })).close();
      await Promise.all([successor.close(), sender.close(), receiver.close()]);
    }));

  it("removes its file if the waiting message was never sent", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const { sender, receiver } = await fullPair();
      const controller = new AbortController();
      const sending = rejection(
        sender.sendmsg({ data: "last", fds: [as(listener)] }, { signal: controller.signal }),
      );
      controller.abort();
      expect((await sending).code).toBe("ABORT_ERR");
      await listener.close();
      expect(existsSync(path)).toBe(false);
      await Promise.all([sender.close(), receiver.close()]);
    }));

  it("leaves its file if one of two messages with it was sent", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const full = await fullPair();
      const [sender, receiver] = socketpair();
      const failing = rejection(full.sender.sendmsg({ data: "x", fds: [as(listener)] }));
      await sender.sendmsg({ data: "x", fds: [as(listener)] });
      await full.sender.close();
      await failing;
      await listener.close();
      expect(existsSync(path)).toBe(true);
      await Promise.all([sender.close(), receiver.close(), full.receiver.close()]);
    }));

  it("removes its file if the kernel refuses the message", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const [sender, receiver] = socketpair();
      await receiver.close();
      expect((await rejection(sender.sendmsg({ data: "x", fds: [as(listener)] }))).code).toBe("EPIPE");
      await listener.close();
      expect(existsSync(path)).toBe(false);
      await sender.close();
    }));
});

it("a new socket with the number of a sent one removes its file", () =>
  counted(async () => {
    const [sender, receiver] = socketpair();
    const first = await Listener.listen({ path: freshPath() });
    const { fd } = first;
    await first.close();
    const path = freshPath();
    const second = await Listener.listen({ path });
    expect(second.fd).toBe(fd);
    await second.close();
    expect(existsSync(path)).toBe(false);
    await Promise.all([sender.close(), receiver.close()]);
  }));
