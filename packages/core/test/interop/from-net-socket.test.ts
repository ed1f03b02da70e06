import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, Socket as NetSocket } from "node:net";
import { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { MSG_OOB, MSG_PEEK } from "../../src/constants/index.js";
import { Socket, socketpair } from "../../src/index.js";
import { isBun } from "../../src/runtime.js";
import { counted } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { bytesOf, read } from "../support/pairs.js";
import { skipUnless, withHandleOf, withHttpServer } from "../support/skip-unless.js";
import { turn, until } from "../support/waiting.js";
import { closed, withEnds } from "./node-ends.js";

withHttpServer(
  "Socket.from() refuses the connection of an HTTP server, whose parser may have taken bytes",
  () =>
    counted(async () => {
      const server = createHttpServer((request, response) => {
        const { code, message } = thrown(() => Socket.from(request.socket));
        response.setHeader("connection", "close").end(`${code}: ${message}`);
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(await response.text()).toBe(
        "ERR_INVALID_STATE: An HTTP parser reads from the socket, and may have taken bytes that nobody could get back. " +
          'Take connections over from a net.Server, or after the event "upgrade" or "connect"',
      );
      server.close();
      await once(server, "close");
    }),
);

withHttpServer("Socket.from() takes over the connection of an HTTP server after the event upgrade", () =>
  counted(async () => {
    const server = createHttpServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n");
    const [, connection] = await once(server, "upgrade");
    const socket = Socket.from(connection as NetSocket);
    client.write("first");
    expect(String((await socket.recvmsg()).data)).toBe("first");
    client.destroy();
    await socket.close();
    server.close();
    await once(server, "close");
  }),
);

describe.each(["unix", "tcp"] as const)("Socket.from(net.Socket), %s", (place) => {
  const it = withHandleOf(place);

  it("takes over the connection, and destroys the net.Socket", () =>
    withEnds(place, async ({ node, peer }) => {
      const socket = Socket.from(node);
      expect(node.destroyed).toBe(true);
      await once(node, "close");
      await peer.sendmsg({ data: "ping" });
      expect(String((await socket.recvmsg()).data)).toBe("ping");
      await socket.sendmsg({ data: "pong" });
      expect(String((await peer.recvmsg()).data)).toBe("pong");
      expect(socket.type).toBe("stream");
      await socket.close();
      expect((await peer.recvmsg()).eof).toBe(true);
    }));

  it("refuses a net.Socket with unwritten bytes, and leaves it unchanged", () =>
    withEnds(place, async ({ node, peer }) => {
      node.cork();
      node.write("unwritten");
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_STATE");
      node.uncork();
      expect(String(bytesOf(await read(peer, 9)))).toBe("unwritten");
    }));

  it("refuses a destroyed net.Socket", () =>
    withEnds(place, ({ node }) => {
      node.destroy();
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("delivers the end that the peer sent before", () =>
    withEnds(place, async ({ node, peer }) => {
      await peer.shutdown("write");
      const socket = Socket.from(node);
      expect((await socket.recvmsg()).eof).toBe(true);
      await socket.close();
    }));
});

describe("Socket.from(net.Socket)", () => {
  it("refuses a net.Socket that is connecting", () =>
    counted(async () => {
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const connecting = connect((server.address() as AddressInfo).port, "127.0.0.1");
      expect(thrown(() => Socket.from(connecting)).code).toBe("ERR_INVALID_STATE");
      await once(connecting, "connect");
      connecting.destroy();
      await closed(server);
    }));

  it("refuses a net.Socket that was never connected", () => {
    expect(thrown(() => Socket.from(new NetSocket())).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("refuses a TLSSocket", () => {
    const socket = new TLSSocket(new NetSocket());
    expect(thrown(() => Socket.from(socket))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "source",
    });
    socket.destroy();
  });

  withHandleOf("tcp")("delivers the bytes that Node has read as the first message", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "read by Node" });
      // While nobody consumes data, Node reads into its own buffer.
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      const socket = Socket.from(node);
      await peer.sendmsg({ data: "|later" });
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(String(socket.tryRecvmsg({ size: 4 })!.data)).toBe("read");
      const memory = [Buffer.alloc(2), Buffer.alloc(2)];
      expect(String((await socket.recvmsg({ buffers: memory })).data)).toBe(" by ");
      expect(memory.map(String)).toEqual([" b", "y "]);
      const rest = await socket.recvmsg();
      expect([String(rest.data), rest.eof, rest.fds.length]).toEqual(["Node", false, 0]);
      expect(String((await socket.recvmsg()).data)).toBe("|later");
      await socket.close();
    }),
  );

  withHandleOf("tcp")("does not deliver those bytes on the error queue or out of band", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "in band" });
      await once(node, "readable");
      const socket = Socket.from(node);
      const aborting = new AbortController();
      const reports = rejection(socket.recvError({ signal: aborting.signal }));
      aborting.abort();
      expect((await reports).name).toBe("AbortError");
      expect(socket.tryRecvmsg({ flags: MSG_OOB })).toBe(undefined);
      expect(String((await socket.recvmsg()).data)).toBe("in band");
      await socket.close();
    }),
  );

  withHandleOf("tcp")("gives those bytes to nobody else", () =>
    withEnds("tcp", async ({ node, peer }) => {
      const seen: unknown[] = [];
      await peer.sendmsg({ data: "once" });
      node.on("data", (chunk) => seen.push(chunk));
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      const socket = Socket.from(node);
      expect(String((await socket.recvmsg()).data)).toBe("once");
      await turn();
      expect(seen).toEqual([]);
      await socket.close();
    }),
  );

  withHandleOf("tcp")("refuses a net.Socket that has read text, whose bytes are gone", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "text" });
      node.setEncoding("utf8");
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_STATE");
      expect(node.read()).toBe("text");
    }),
  );

  it("refuses a Unix net.Socket that has read, because descriptors may be lost", () =>
    withEnds("unix", async ({ node, peer }) => {
      await peer.sendmsg({ data: "x", fds: [0] });
      const [chunk] = await Promise.all([once(node, "data"), node.resume()]);
      expect(String(chunk[0])).toBe("x");
      expect(thrown(() => Socket.from(node))).toMatchObject({
        code: "ERR_INVALID_STATE",
        message: expect.stringContaining("pauseOnConnect"),
      });
      expect(node.destroyed).toBe(false);
    }));

  it("loses no descriptor with pauseOnConnect", () =>
    withEnds("unix", async ({ node, peer }) => {
      await peer.sendmsg({ data: "x", fds: [0, 1] });
      await turn();
      await turn();
      const socket = Socket.from(node, { maxFds: 2 });
      using message = await socket.recvmsg();
      expect(message.fds.length).toBe(2);
      await socket.close();
    }));
});

describe("the bytes that Node has read", () => {
  withHandleOf("tcp")("must be received before the socket is given away or sent", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "early" });
      await once(node, "readable");
      const socket = Socket.from(node);
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(thrown(() => socket.detach()).code).toBe("ERR_INVALID_STATE");
      const [a, b] = socketpair();
      expect(await rejection(a.sendmsg({ data: "x", fds: [socket] }))).toMatchObject({
        code: "ERR_INVALID_STATE",
        bytesSent: 0,
      });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(String((await socket.recvmsg()).data)).toBe("early");
      await a.sendmsg({ data: "x", fds: [socket] });
      socket.detach().close();
      await Promise.all([a.close(), b.close()]);
    }),
  );

  withHandleOf("tcp")("stay for the next receive if a getter shrinks the caller's buffer", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "precious" });
      await once(node, "readable");
      const socket = Socket.from(node);
      const Resizable = ArrayBuffer as never as new (
        length: number,
        options: object,
      ) => ArrayBuffer & { resize?(length: number): void };
      const memory = new Resizable(64, { maxByteLength: 64 });
      const options = {
        buffers: new Uint8Array(memory),
        get signal(): undefined {
          memory.resize?.(3);
          return undefined;
        },
      };
      // Node 18 has no memory that can be resized.
      if (memory.resize !== undefined) {
        expect((await rejection(socket.recvmsg(options as never))).code).toBe("ERR_INVALID_STATE");
      }
      expect(String((await socket.recvmsg()).data)).toBe("precious");
      await socket.close();
    }),
  );

  const joined = isBun ? skipUnless("Bun does not join small reads", false) : withHandleOf("tcp");
  joined("are delivered in memory that can be transferred", () =>
    withEnds("tcp", async ({ node, peer }) => {
      // Node joins the data of several small reads in memory of its pool.
      for (const data of ["ab", "cd"]) {
        const before = node.bytesRead;
        await peer.sendmsg({ data });
        await until(() => {
          node.read(0);
          return node.bytesRead > before;
        });
      }
      const socket = Socket.from(node);
      const peeked = socket.tryRecvmsg({ size: 3, flags: MSG_PEEK })!.data;
      expect([String(peeked), peeked.buffer.byteLength]).toEqual(["abc", 3]);
      structuredClone(peeked, { transfer: [peeked.buffer as ArrayBuffer] });
      const first = socket.tryRecvmsg({ size: 3 })!.data;
      expect([String(first), first.buffer.byteLength]).toEqual(["abc", 3]);
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
      const rest = socket.tryRecvmsg()!.data;
      expect([String(rest), rest.buffer.byteLength]).toEqual(["d", 1]);
      await socket.close();
    }),
  );

  withHandleOf("tcp")("are not delivered on the error queue", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "early" });
      await once(node, "readable");
      const socket = Socket.from(node);
      const error = socket.recvError({ signal: AbortSignal.timeout(20) });
      expect((await rejection(error)).name).toBe("AbortError");
      expect(String(socket.tryRecvmsg()!.data)).toBe("early");
      await socket.close();
    }),
  );
});
