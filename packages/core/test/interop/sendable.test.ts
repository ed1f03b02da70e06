import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket as NetSocket, type Server } from "node:net";
import { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { FileDescriptor, Listener, type Sendable, socketpair } from "../../src/index.js";
import { borrowFd } from "../../src/interop/sendable.js";
import { mayTry } from "../../src/socket/fairness.js";
import { openAnyFile } from "../support/any-file.js";
import { counted } from "../support/counted.js";
import { isOpen, sameFile } from "../support/descriptor-state.js";
import { closeSync, fstatSync, openSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { withHandleOf } from "../support/skip-unless.js";

/** Sends the value. Its file must arrive, and the sender's descriptor must stay open. */
async function passes(value: Sendable, number: number): Promise<void> {
  await withPair("seqpacket", async (a, b) => {
    await a.sendmsg({ fds: [value, value] });
    using message = await b.recvmsg({ maxFds: 2 });
    expect(message.fds.map(({ fd }) => sameFile(fd, number) && fd !== number)).toEqual([true, true]);
  });
  expect(isOpen(number)).toBe(true);
}

const handleOf = (socket: object): number => (socket as { _handle: { fd: number } })._handle.fd;

async function serverOf(at: { path: string } | { port: number; host: string }): Promise<Server> {
  const server = createServer();
  server.listen(at);
  await once(server, "listening");
  return server;
}

async function closed(server: { close(callback: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => server.close(resolve));
}

describe("passes, and leaves to the caller,", () => {
  it("a number", () =>
    counted(async () => {
      const fd = openAnyFile();
      await passes(fd, fd);
      closeSync(fd);
    }));

  it("a FileDescriptor", () =>
    counted(async () => {
      using descriptor = FileDescriptor.adopt(openAnyFile());
      await passes(descriptor, descriptor.fd);
    }));

  it("a FileHandle", () =>
    counted(async () => {
      const handle = await open("/proc/self/status");
      await passes(handle, handle.fd);
      await handle.close();
    }));

  it("an object with an fd", () =>
    counted(async () => {
      const fd = openAnyFile();
      await passes({ fd }, fd);
      closeSync(fd);
    }));

  it("a ReadStream that is open", () =>
    counted(async () => {
      const stream = createReadStream("/proc/self/status");
      const [fd] = (await once(stream, "open")) as [number];
      await passes(stream as unknown as Sendable, fd);
      stream.destroy();
      await once(stream, "close");
    }));

  describe.each([
    ["unix", () => ({ path: freshPath() })],
    ["tcp", () => ({ port: 0, host: "127.0.0.1" })],
  ])("a net.Server and a net.Socket", (place, at) => {
    withHandleOf(place)(`over ${place}`, () =>
      counted(async () => {
        const server = await serverOf(at());
        await passes(server, handleOf(server));
        const address = server.address() as string | AddressInfo;
        const client =
          typeof address === "string" ? connect(address) : connect(address.port, address.address);
        const [peer] = (await once(server, "connection")) as [NetSocket];
        await passes(client, handleOf(client));
        await passes(peer, handleOf(peer));
        client.destroy();
        peer.destroy();
        await Promise.all([once(client, "close"), once(peer, "close"), closed(server)]);
      }),
    );
  });

  withHandleOf("udp")("a dgram.Socket, without a deprecation warning", () =>
    counted(async () => {
      const warnings: unknown[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on("warning", onWarning);
      const socket = createSocket("udp4").bind(0, "127.0.0.1");
      await once(socket, "listening");
      await passes(socket, borrowFd("socket", socket));
      await closed(socket);
      await new Promise((resolve) => setImmediate(resolve));
      process.off("warning", onWarning);
      expect(warnings).toEqual([]);
    }),
  );

  it("a Socket and a Listener of this library", () =>
    counted(async () => {
      const [a, b] = socketpair();
      const listener = await Listener.listen({ path: freshPath() });
      await passes(a, a.fd);
      await passes(listener, listener.fd);
      await Promise.all([a, b, listener].map((end) => end.close()));
    }));

  it("standard input", () => passes(process.stdin as unknown as Sendable, 0));
});

describe("refuses", () => {
  /** The error with which sending the value rejects. Nothing must be sent. */
  async function refused(value: unknown): Promise<Error & Record<string, unknown>> {
    let error: (Error & Record<string, unknown>) | undefined;
    await withPair("seqpacket", async (a, b) => {
      error = await rejection(a.sendmsg({ fds: [0, value as Sendable] }));
      expect(thrown(() => a.trySendmsg({ fds: [0, value as Sendable] })).code).toBe(error.code);
      expect(b.tryRecvmsg()).toBeUndefined();
    });
    expect(error!.bytesSent).toBe(0);
    return error!;
  }

  it.each([undefined, null, "3", true, 3n, () => 3, Symbol("3"), {}, [], Buffer.alloc(4)])(
    "%o",
    async (value) => {
      expect(await refused(value)).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "message.fds[1]",
      });
    },
  );

  it.each([-2, 1.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])("the number %d", async (value) => {
    expect(await refused(value)).toMatchObject({ code: "ERR_OUT_OF_RANGE", argument: "message.fds[1]" });
  });

  it("-1 as a number", async () => {
    expect(await refused(-1)).toMatchObject({ code: "ERR_OUT_OF_RANGE", argument: "message.fds[1]" });
  });

  it.each([{ fd: "3" }, { fd: {} }, { fd: 3n }])("%o", async (value) => {
    expect(await refused(value)).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
      argument: "message.fds[1].fd",
    });
  });

  it("a number that is not open, with the kernel's EBADF", async () => {
    expect(await refused(999_999)).toMatchObject({ code: "EBADF", syscall: "sendmsg" });
  });

  it("a number that is not open when the event loop's turn is due", async () => {
    while (mayTry());
    expect(await refused(999_999)).toMatchObject({ code: "EBADF", syscall: "sendmsg" });
  });

  it("a FileDescriptor that is closed", async () => {
    const descriptor = FileDescriptor.adopt(openAnyFile());
    descriptor.close();
    expect((await refused(descriptor)).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("a FileHandle that is closed", async () => {
    const handle = await open("/proc/self/status");
    await handle.close();
    expect((await refused(handle)).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("a ReadStream that is not open yet", async () => {
    const stream = createReadStream("/proc/self/status");
    // Sent at once, because the stream opens asynchronously.
    const error = thrown(() => borrowFd("stream", stream));
    stream.destroy();
    await once(stream, "close");
    expect(error.code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("a Socket and a Listener of this library that are closed", async () => {
    const [a, b] = socketpair();
    const listener = await Listener.listen({ path: freshPath() });
    await Promise.all([a, b, listener].map((end) => end.close()));
    for (const end of [a, listener]) expect((await refused(end)).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("a net.Socket and a net.Server that are closed, or were never open", async () => {
    const server = await serverOf({ path: freshPath() });
    await closed(server);
    const { Socket } = await import("node:net");
    for (const value of [server, new Socket(), createServer()]) {
      expect((await refused(value)).code).toBe("ERR_SENDMSG_CLOSED");
    }
  });

  it("a dgram.Socket that is closed, or has no descriptor yet", async () => {
    const socket = createSocket("udp4");
    expect((await refused(socket)).code).toBe("ERR_INVALID_ARG_VALUE");
    await closed(socket);
    expect((await refused(socket)).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("a TLSSocket", async () => {
    const { Socket } = await import("node:net");
    const socket = new TLSSocket(new Socket());
    expect(await refused(socket)).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "message.fds[1]",
    });
    socket.destroy();
  });

  it("a file that may not be read can be sent", () =>
    counted(async () => {
      const fd = openSync("/dev/null", "w");
      expect(fstatSync(fd).isCharacterDevice()).toBe(true);
      await passes(fd, fd);
      closeSync(fd);
    }));
});
