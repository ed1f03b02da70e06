import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_UNIX, SO_COOKIE, SOCK_STREAM } from "../../src/constants/index.js";
import { FileDescriptor, Listener, type Peer, peerOf, Socket, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { close, dup, socketpair as pairOfNumbers } from "../../src/syscalls/index.js";
import { openAnyFile } from "../support/any-file.js";
import { counted } from "../support/counted.js";
import { closeSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { has } from "../support/kernel-features.js";
import { thrown } from "../support/outcome.js";
import { onRealKernel, skipUnless, withHandleOf, withHttpServer } from "../support/skip-unless.js";
import { until } from "../support/waiting.js";

afterEach(() => vi.restoreAllMocks());

const ours = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
const CLOSED = { code: "ERR_SENDMSG_CLOSED" };
const withUnixHandle = withHandleOf("unix");

/** Runs the body with both ends of a connection between Node's own sockets. */
async function withNodeSockets(
  at: { path: string } | { port: number; host: string },
  body: (server: net.Socket, client: net.Socket) => unknown,
): Promise<void> {
  const listening = net.createServer().listen(at);
  await once(listening, "listening");
  const address = listening.address()!;
  const client = typeof address === "string" ? net.connect(address) : net.connect(address.port, "127.0.0.1");
  const [[server]] = (await Promise.all([once(listening, "connection"), once(client, "connect")])) as [
    [net.Socket],
    unknown,
  ];
  try {
    await body(server, client);
  } finally {
    for (const each of [server, client]) each.destroy();
    await new Promise((resolve) => listening.close(resolve));
  }
}

describe("peerOf() a net.Socket", () => {
  withUnixHandle("tells the credentials and groups, and leaves the socket to its owner", () =>
    counted(() =>
      withNodeSockets({ path: freshPath() }, async (server, client) => {
        const peer = peerOf(server);
        expect(peer.credentials()).toEqual(ours);
        expect(peerOf(client).credentials()).toEqual(ours);
        if (has.passPidfd()) peer.pidfd().close();
        const received = once(server, "data");
        client.write("still works");
        expect(String((await received)[0])).toBe("still works");
        expect(peer.credentials()).toEqual(ours);
      }),
    ),
  );

  withUnixHandle("throws once the socket is closed, even if another one has its number", () =>
    counted(() =>
      withNodeSockets({ path: freshPath() }, async (server) => {
        const peer = peerOf(server);
        const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
        server.destroy();
        expect(thrown(() => peer.credentials())).toMatchObject({
          ...CLOSED,
          message: "The socket is closed",
        });
        await once(server, "close");
        // The kernel gives out the lowest free number.
        const numbers: number[] = [];
        while (!numbers.includes(fd)) numbers.push(...pairOfNumbers(AF_UNIX, SOCK_STREAM));
        for (const call of [
          () => peer.credentials(),
          () => peer.pidfd(),
          () => peer.groups(),
          () => peer.securityLabel(),
        ])
          expect(thrown(call)).toMatchObject(CLOSED);
        expect(thrown(() => peerOf(server))).toMatchObject(CLOSED);
        for (const number of numbers) close(number);
      }),
    ),
  );

  // User-mode emulation does not know SO_COOKIE.
  onRealKernel("throws if other code has closed its number, and another socket has it now", () =>
    counted(() =>
      withNodeSockets({ path: freshPath() }, (server) => {
        const handle = { fd: dup((server as unknown as { _handle: { fd: number } })._handle.fd) };
        const peer = peerOf({ _handle: handle } as never);
        expect(peer.credentials()).toEqual(ours);
        close(handle.fd);
        expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
        const numbers: number[] = [];
        while (!numbers.includes(handle.fd)) numbers.push(...pairOfNumbers(AF_UNIX, SOCK_STREAM));
        expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
        for (const number of numbers) close(number);
      }),
    ),
  );

  skipUnless("Bun's and Deno's net.Socket does not say that it connects", !isBun && !isDeno)(
    "throws while it connects",
    async () => {
      const socket = new net.Socket();
      expect(thrown(() => peerOf(socket))).toMatchObject(CLOSED);
      socket.connect(freshPath());
      expect(thrown(() => peerOf(socket))).toMatchObject({
        code: "ERR_INVALID_STATE",
        message: "The socket is still connecting",
      });
      await new Promise((resolve) => socket.once("error", resolve));
    },
  );

  withUnixHandle("throws after Socket.from() has taken it over", () =>
    counted(() =>
      withNodeSockets({ path: freshPath() }, async (server) => {
        const peer = peerOf(server);
        const socket = Socket.from(server);
        expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
        expect(socket.peer.credentials()).toEqual(ours);
        await socket.close();
      }),
    ),
  );

  withHandleOf("tcp")("of TCP says that only Unix sockets know their peer", () =>
    counted(() =>
      withNodeSockets({ port: 0, host: "127.0.0.1" }, (server) => {
        for (const [call, what] of [
          [(peer: Peer) => peer.credentials(), "credentials"],
          [(peer: Peer) => peer.pidfd(), "pidfd"],
          [(peer: Peer) => peer.groups(), "groups"],
        ] as const) {
          expect(thrown(() => call(peerOf(server)))).toMatchObject({
            code: "ERR_SENDMSG_NOT_UNIX",
            message: `Only Unix sockets know their peer's ${what}`,
          });
        }
      }),
    ),
  );

  withUnixHandle("of TLS says what to give instead", () =>
    counted(() =>
      withNodeSockets({ path: freshPath() }, async (server, client) => {
        const secure = new tls.TLSSocket(client);
        secure.on("error", () => {});
        expect(thrown(() => peerOf(secure))).toMatchObject({
          code: "ERR_INVALID_ARG_VALUE",
          message: 'The "source" argument must not be a TLSSocket: give the net.Socket under it',
        });
        secure.destroy();
        await until(() => server.destroyed || client.destroyed);
      }),
    ),
  );
});

withHttpServer("peerOf(request.socket) tells who asks an HTTP server on a Unix path, by both versions", () =>
  counted(async () => {
    const path = freshPath();
    const server = http.createServer((request, response) => {
      response.end(JSON.stringify(peerOf(request.socket).credentials()));
    });
    server.listen(path);
    await once(server, "listening");
    const [response] = await once(http.get({ socketPath: path, path: "/", agent: false }), "response");
    let body = "";
    for await (const chunk of response) body += chunk;
    expect(JSON.parse(body)).toEqual(ours);
    await new Promise((resolve) => server.close(resolve));

    const second = http2.createServer((request, response) => {
      response.end(JSON.stringify(peerOf(request.socket as net.Socket).credentials()));
    });
    const path2 = freshPath();
    second.listen(path2);
    await once(second, "listening");
    const client = http2.connect("http://localhost", { createConnection: () => net.connect(path2) });
    let answer = "";
    for await (const chunk of client.request({ ":path": "/" })) answer += chunk;
    expect(JSON.parse(answer)).toEqual(ours);
    client.close();
    await once(client, "close");
    await new Promise((resolve) => second.close(resolve));
  }),
);

describe("peerOf() other sources", () => {
  it("a Socket: the same as its peer, until it is closed", () =>
    counted(async () => {
      const [a, b] = socketpair();
      expect(peerOf(a)).toBe(a.peer);
      const peer = peerOf(a);
      await Promise.all([a.close(), b.close()]);
      expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
      expect(thrown(() => peerOf(a))).toMatchObject({ ...CLOSED, message: "The socket is closed" });
    }));

  it("a FileDescriptor, until it is closed", () =>
    counted(() => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      const descriptor = FileDescriptor.adopt(a);
      const peer = peerOf(descriptor);
      expect(peer.credentials()).toEqual(ours);
      descriptor.close();
      expect(thrown(() => peer.credentials())).toMatchObject({
        ...CLOSED,
        message: "The descriptor is closed",
      });
      expect(thrown(() => peerOf(descriptor))).toMatchObject(CLOSED);
      close(b);
    }));

  describe.each([
    ["with SO_COOKIE", true, onRealKernel],
    ["without SO_COOKIE", false, it],
  ] as const)("%s", (_, hasCookie, it) => {
    it("a number, until it is another socket's or none", () =>
      counted(() => {
        const { getsockopt } = binding();
        if (!hasCookie) {
          vi.spyOn(binding(), "getsockopt").mockImplementation((fd, level, option, value) =>
            option === SO_COOKIE ? -92 : getsockopt(fd, level, option, value),
          );
        }
        const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
        const peer = peerOf(a);
        expect(peer.credentials()).toEqual(ours);
        close(a);
        expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
        const file = openAnyFile();
        if (file === a) expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
        closeSync(file);
        if (hasCookie) {
          const numbers = pairOfNumbers(AF_UNIX, SOCK_STREAM);
          expect(numbers).toContain(a);
          expect(thrown(() => peer.credentials())).toMatchObject(CLOSED);
          for (const number of numbers) close(number);
        }
        close(b);
      }));
  });

  it("are refused if they are none", () =>
    counted(async () => {
      const listener = await Listener.listen({ path: freshPath() });
      expect(thrown(() => peerOf(listener.fd))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        message: 'The "source" argument must not be a listening socket: each of its connections has a peer',
      });
      for (const source of [listener, {}, null, undefined, "path"]) {
        expect(thrown(() => peerOf(source as never))).toMatchObject({
          code: "ERR_INVALID_ARG_TYPE",
          argument: "source",
        });
      }
      expect(thrown(() => peerOf({} as never)).message).toBe(
        'The "source" argument must be a net.Socket, a Socket, a FileDescriptor or a descriptor number. Received an instance of Object',
      );
      await listener.close();
      const file = openAnyFile();
      expect(thrown(() => peerOf(file))).toMatchObject({ code: "ENOTSOCK", syscall: "getsockopt" });
      closeSync(file);
      expect(thrown(() => peerOf(1_000_000))).toMatchObject({ code: "EBADF" });
      expect(thrown(() => peerOf(-1))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
    }));
});
