import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EROFS } from "../../src/errno.js";
import { systemError } from "../../src/errors.js";
import { type Address, Listener, Socket, type SocketOptions } from "../../src/index.js";
import { BIND } from "../../src/reasons/bind.js";
import { withReason } from "../../src/reasons/reasons.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { counted } from "../support/counted.js";
import { freshName, freshPath } from "../support/fresh-places.js";
import { asNobody, givingUpRights } from "../support/nobody.js";
import { rejection } from "../support/outcome.js";
import { skipUnless } from "../support/skip-unless.js";
import { leaveStale, taken } from "../support/taken-path.js";
import { isEmulated, isRoot } from "../support/target.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const message = async (at: Address, options?: SocketOptions): Promise<string> =>
  (await rejection(Listener.listen(at, options))).message;

const ours = "and the library removes only sockets. Remove it yourself, or choose another path";

describe("an error of bind() says why", () => {
  it("a dead server's file", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path);
      const error = await rejection(Socket.bind({ path }, { type: "dgram" }));
      expect(error).toMatchObject({ code: "EADDRINUSE", errno: -98, syscall: "bind", path });
      expect(error.message).toBe(
        `bind EADDRINUSE ${path}: a server that no longer runs has left this file. ` +
          'To replace it, give the option unlink: "stale"',
      );
    }));

  it("a dead server's file, in a call without the option unlink", async () => {
    const path = freshPath();
    leaveStale(path);
    await using socket = Socket.open({ family: "unix", type: "dgram" });
    expect(() => socket.bindSync({ path })).toThrow(
      `bind EADDRINUSE ${path}: a server that no longer runs has left this file. ` +
        "Remove it before you bind: fs.rmSync(path, { force: true })",
    );
  });

  it.each(["stream", "seqpacket", "dgram"] as const)("a running %s server", (type) =>
    counted(async () => {
      const path = freshPath();
      const expected = `bind EADDRINUSE ${path}: the socket of a running server is at this path. Stop that server, or choose another path`;
      await taken(path, { type }, async () => {
        expect(await message({ path })).toBe(expected);
        expect(await message({ path }, { unlink: "stale" })).toBe(expected);
      });
    }),
  );

  it("a file that is no socket", () =>
    counted(async () => {
      const [file, directory, link] = [freshPath(), freshPath(), freshPath()];
      writeFileSync(file, "");
      mkdirSync(directory);
      symlinkSync("/nonexistent", link);
      const expected = `bind EADDRINUSE ${file}: a regular file is at this path, ${ours}`;
      expect(await message({ path: file })).toBe(expected);
      expect(await message({ path: file }, { unlink: "stale" })).toBe(expected);
      expect(await message({ path: directory })).toBe(
        `bind EADDRINUSE ${directory}: a directory is at this path, ${ours}`,
      );
      expect(await message({ path: link })).toBe(
        `bind EADDRINUSE ${link}: a symbolic link is at this path, ${ours}`,
      );
    }));

  it("an abstract name that another socket has", () =>
    counted(async () => {
      const abstract = freshName();
      await using _ = await Listener.listen({ abstract });
      expect(await message({ abstract })).toBe(
        `bind EADDRINUSE \0${abstract}: another socket has this abstract name. Stop its program, or choose another name`,
      );
    }));

  it("a port that another socket has", () =>
    counted(async () => {
      const at = { address: "127.0.0.1", port: 0 };
      await using tcp = await Listener.listen(at);
      await using udp = await Socket.bind(at, { type: "dgram" });
      const [a, b] = [tcp, udp].map((socket) => (socket.getsockname() as { port: number }).port);
      const other = "another socket has this port. Choose another port, or find the other program: ss";
      expect(await message({ ...at, port: a! })).toBe(
        `bind EADDRINUSE 127.0.0.1:${a}: ${other} -ltnp 'sport = :${a}'`,
      );
      expect((await rejection(Socket.bind({ ...at, port: b! }, { type: "dgram" }))).message).toBe(
        `bind EADDRINUSE 127.0.0.1:${b}: ${other} -lunp 'sport = :${b}'`,
      );
    }));

  it("a socket that is bound already", () =>
    counted(async () => {
      const path = freshPath();
      await using unix = await Socket.bind({ path: freshPath() });
      await using udp = await Socket.bind({ address: "127.0.0.1", port: 0 });
      const expected = "the socket is bound already. Make another one";
      expect((await rejection(unix.bind({ path }))).message).toBe(`bind EINVAL ${path}: ${expected}`);
      expect((await rejection(udp.bind({ address: "127.0.0.1", port: 0 }))).message).toBe(
        `bind EINVAL 127.0.0.1:0: ${expected}`,
      );
    }));

  it("no directory", () =>
    counted(async () => {
      const directory = freshPath();
      expect(await message({ path: `${directory}/a` })).toBe(
        `bind ENOENT ${directory}/a: there is no directory ${directory}. Make it first`,
      );
    }));

  it("a file in place of a directory", () =>
    counted(async () => {
      const file = freshPath();
      writeFileSync(file, "");
      expect(await message({ path: `${file}/a` })).toBe(
        `bind ENOTDIR ${file}/a: ${file} is a regular file, and no directory. Check the path`,
      );
    }));

  it("a file system that is mounted read-only", () => {
    const error = withReason(systemError(EROFS, "bind"), BIND, { fd: -1, address: { path: "/x" } });
    expect(error.message).toBe("bind EROFS: the file system is mounted read-only. Choose another directory");
  });

  it("an address of another machine", () =>
    counted(async () => {
      // RFC 5737: an address for documentation, which no machine has.
      expect(await message({ address: "192.0.2.1", port: 0 })).toBe(
        "bind EADDRNOTAVAIL 192.0.2.1:0: no interface of this machine has this address. " +
          'Choose one that "ip address" lists, or 0.0.0.0 for all',
      );
    }));

  givingUpRights("a directory in which this user may not make a file", () =>
    counted(async () => {
      chmodSync(temporaryDirectory(), 0o755);
      const path = freshPath();
      await asNobody(async () => {
        expect(await message({ path })).toBe(
          `bind EACCES ${path}: this user may not make a file in the directory ${temporaryDirectory()}. ` +
            "Choose another directory, or change its mode or owner",
        );
      });
    }),
  );

  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "latin1"));

  skipUnless(
    "every user may have every port here",
    first > 80 && isRoot && !isBun && !isDeno && !isEmulated(),
  )("a port for which this user has no right", () =>
    counted(() =>
      asNobody(async () => {
        expect(await message({ address: "127.0.0.1", port: 80 })).toBe(
          `bind EACCES 127.0.0.1:80: a port below ${first} needs CAP_NET_BIND_SERVICE, which root has. ` +
            `Choose a port from ${first} on`,
        );
      }),
    ),
  );
});

describe("an error of listen() says why", () => {
  it("a socket without connections", () =>
    counted(async () => {
      const path = freshPath();
      const error = await rejection(Listener.listen({ path }, { type: "dgram" }));
      expect(error).toMatchObject({ code: "EOPNOTSUPP", errno: -95, syscall: "listen" });
      expect(error.message).toBe(
        `listen EOPNOTSUPP ${path}: unix sockets of type "dgram" have no connections. ` +
          "To receive messages, use Socket.bind() instead",
      );
    }));
});
