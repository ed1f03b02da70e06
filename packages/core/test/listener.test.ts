import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AF_UNIX, SO_ACCEPTCONN, SO_TYPE, SOCK_STREAM, SOL_SOCKET } from "../src/constants/index.js";
import { FileDescriptor, Listener, Socket, socketpair } from "../src/index.js";
import { getsockopt, socketpair as pairOfNumbers } from "../src/syscalls/index.js";
import { openAnyFile } from "./support/any-file.js";
import { counted } from "./support/counted.js";
import { isOpen } from "./support/descriptor-state.js";
import { freshPath } from "./support/fresh-places.js";
import { isSettled, rejection, thrown } from "./support/outcome.js";
import { withListener } from "./support/transports.js";
import { turn } from "./support/waiting.js";

const unix = { type: "stream" as const, place: () => ({ path: freshPath() }) };

/** Connects and closes. The connection waits to be accepted. */
async function knock(at: Parameters<typeof Socket.connect>[0]): Promise<void> {
  await (await Socket.connect(at)).close();
}

describe("accept", () => {
  it("waits for a connection", () =>
    withListener(unix, async (listener, at) => {
      const accepting = listener.accept();
      expect(await isSettled(accepting)).toBe(false);
      await knock(at);
      const socket = await accepting;
      expect(socket).toBeInstanceOf(Socket);
      await socket.close();
    }));

  it("serves waiting calls in order", () =>
    withListener(unix, async (listener, at) => {
      const order: number[] = [];
      const accepting = [0, 1, 2].map(async (i) => {
        const socket = await listener.accept();
        order.push(i);
        await socket.close();
      });
      await turn();
      for (let i = 0; i < 3; i++) await knock(at);
      await Promise.all(accepting);
      expect(order).toEqual([0, 1, 2]);
    }));

  it("takes no connection once it is aborted, and the next call gets it", () =>
    withListener(unix, async (listener, at) => {
      const controller = new AbortController();
      const aborted = rejection(listener.accept({ signal: controller.signal }));
      const next = listener.accept();
      await turn();
      controller.abort("why");
      await knock(at);
      expect(await aborted).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
      await (await next).close();
    }));

  it("takes no connection with a signal that was aborted before the call", () =>
    withListener(unix, async (listener, at) => {
      await knock(at);
      expect((await rejection(listener.accept({ signal: AbortSignal.abort() }))).code).toBe("ABORT_ERR");
      await (await listener.accept()).close();
    }));

  it("tryAccept() returns undefined if no connection is there, or if an accept() waits", () =>
    withListener(unix, async (listener, at) => {
      expect(listener.tryAccept()).toBeUndefined();
      const connecting = Socket.connect(at);
      const accepted = listener.tryAccept();
      expect(accepted).toBeInstanceOf(Socket);
      const waiting = listener.accept();
      const second = Socket.connect(at);
      expect(listener.tryAccept()).toBeUndefined();
      for (const socket of [connecting, second, waiting, accepted!]) await (await socket).close();
    }));
});

describe("close", () => {
  it("rejects all waiting calls and all later ones", () =>
    withListener(unix, async (listener) => {
      const waits = [listener.accept(), listener.accept()].map(rejection);
      await turn();
      await Promise.all([listener.close(), listener.close()]);
      for (const error of await Promise.all(waits)) expect(error.code).toBe("ERR_SENDMSG_CLOSED");
      expect((await rejection(listener.accept())).code).toBe("ERR_SENDMSG_CLOSED");
      expect(thrown(() => listener.tryAccept()).code).toBe("ERR_SENDMSG_CLOSED");
      expect(thrown(() => listener.getsockname()).code).toBe("ERR_SENDMSG_CLOSED");
      expect([listener.closed, listener.fd]).toEqual([true, -1]);
    }));

  it("happens on disposal", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      await listener[Symbol.asyncDispose]();
      expect(listener.closed).toBe(true);
      expect(thrown(() => statSync(path)).code).toBe("ENOENT");
    }));

  it("ends the iteration", () =>
    withListener(unix, async (listener) => {
      const looping = listener[Symbol.asyncIterator]().next();
      await turn();
      await listener.close();
      expect(await looping).toEqual({ done: true, value: undefined });
    }));

  it("closes the connections that nobody accepted", () =>
    withListener(unix, async (listener, at) => {
      const client = await Socket.connect(at);
      await client.sendmsg({ data: "x", fds: [0, 1, 2] });
      await listener.close();
      expect(["ECONNRESET", undefined]).toContain(
        (await rejection(client.recvmsg()).catch(() => undefined))?.code,
      );
      await client.close();
    }));
});

describe("iteration", () => {
  it("leaves the listener open when the loop is left", () =>
    withListener(unix, async (listener, at) => {
      for (let i = 0; i < 2; i++) {
        await knock(at);
        for await (const peer of listener) {
          await peer.close();
          break;
        }
      }
      expect(listener.closed).toBe(false);
    }));

  it("ends when it is aborted", () =>
    withListener(unix, async (listener) => {
      const controller = new AbortController();
      const looping = rejection(listener.connections({ signal: controller.signal }).next());
      await turn();
      controller.abort("why");
      expect(await looping).toMatchObject({ code: "ABORT_ERR", cause: "why" });
    }));
});

describe("detach", () => {
  it("gives away the descriptor and the path", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const descriptor = listener.detach();
      expect(listener.closed).toBe(true);
      await listener.close();
      expect(descriptor).toBeInstanceOf(FileDescriptor);
      expect(getsockopt(descriptor.fd, SOL_SOCKET, SO_ACCEPTCONN)).toBe(1);
      expect(statSync(path).isSocket()).toBe(true);
      const again = Listener.from(descriptor);
      await knock({ path });
      await (await again.accept()).close();
      await again.close();
    }));

  it("throws while an accept() waits", () =>
    withListener(unix, async (listener) => {
      const waiting = rejection(listener.accept());
      expect(thrown(() => listener.detach()).code).toBe("ERR_INVALID_STATE");
      await listener.close();
      await waiting;
    }));
});

describe("Listener.from", () => {
  it.each([
    ["a number", (fd: number) => fd],
    ["a FileDescriptor", (fd: number) => FileDescriptor.adopt(fd)],
  ])("takes over %s, and keeps the socket's type", (_, wrap) =>
    counted(async () => {
      const path = freshPath();
      const first = await Listener.listen({ path }, { type: "seqpacket" });
      const second = Listener.from(wrap(first.detach().detach()) as number, { maxFds: 1 });
      const client = await Socket.connect({ path }, { type: "seqpacket" });
      await client.sendmsg({ fds: [0] });
      const server = await second.accept();
      expect(server.type).toBe("seqpacket");
      using message = await server.recvmsg();
      expect(message.fds.length).toBe(1);
      await Promise.all([client, server, second].map((end) => end.close()));
    }),
  );

  it("refuses a socket that does not listen, and leaves it open", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      expect(thrown(() => Listener.from(a))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "source",
      });
      using descriptor = FileDescriptor.adopt(b);
      expect(thrown(() => Listener.from(descriptor)).code).toBe("ERR_INVALID_ARG_VALUE");
      expect([isOpen(a), descriptor.fd]).toEqual([true, b]);
      FileDescriptor.adopt(a).close();
    }));

  it("Socket.from refuses a listener", () =>
    withListener(unix, async (listener) => {
      using descriptor = listener.detach();
      expect(thrown(() => Socket.from(descriptor))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "source",
      });
      expect(getsockopt(descriptor.fd, SOL_SOCKET, SO_TYPE)).toBe(SOCK_STREAM);
    }));

  it("throws ENOTSOCK for a descriptor that is no socket", () =>
    counted(() => {
      using file = FileDescriptor.adopt(openAnyFile());
      expect(thrown(() => Listener.from(file)).code).toBe("ENOTSOCK");
      expect(thrown(() => Socket.from(file)).code).toBe("ENOTSOCK");
      expect(file.fd).toBeGreaterThanOrEqual(0);
    }));
});

describe("a listener that was sent to another process", () => {
  it("leaves its path to the receiver", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const [a, b] = socketpair("seqpacket", { maxFds: 1 });
      await a.sendmsg({ fds: [listener] });
      await listener.close();
      expect(statSync(path).isSocket()).toBe(true);
      using message = await b.recvmsg();
      const successor = Listener.from(message.takeFds()[0]!);
      await knock({ path });
      await (await successor.accept()).close();
      await Promise.all([a, b, successor].map((end) => end.close()));
    }));

  it("leaves its path to the receiver if the message had to wait and the caller has emptied the list meanwhile", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const [a, b] = socketpair("seqpacket");
      let filled = 0;
      while (a.trySendmsg({ data: "filler" })) filled++;
      const fds = [listener];
      const sending = a.sendmsg({ fds });
      fds.length = 0;
      for (let i = 0; i <= filled; i++) await b.recvmsg();
      await sending;
      await listener.close();
      expect(statSync(path).isSocket()).toBe(true);
      await Promise.all([a, b].map((end) => end.close()));
    }));

  it("removes its path if the message was never sent", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const [a, b] = socketpair("seqpacket");
      while (a.trySendmsg({ data: "filler" }));
      const sending = rejection(a.sendmsg({ fds: [listener] }));
      await a.close();
      await sending;
      await listener.close();
      expect(thrown(() => statSync(path)).code).toBe("ENOENT");
      await b.close();
    }));
});
