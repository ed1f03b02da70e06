import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { SOCK_STREAM } from "../../src/constants/index.js";
import { type Address, Listener, Socket, type SocketType } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshName, freshPath } from "../support/fresh-places.js";
import { asNobody, givingUpRights } from "../support/nobody.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { leaveStale, taken } from "../support/taken-path.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const hasIpv6 = await Socket.bind({ address: "::1", port: 0 }, { type: "dgram" })
  .then((socket) => socket.close())
  .then(
    () => true,
    () => false,
  );

const message = async (to: Address, type: SocketType = "stream"): Promise<string> =>
  (await rejection(Socket.connect(to, { type }))).message;

const TYPES: readonly SocketType[] = ["stream", "seqpacket", "dgram"];
const pairs = TYPES.flatMap((server) =>
  TYPES.filter((client) => client !== server).map((client): [SocketType, SocketType] => [server, client]),
);

describe("an error of connect() says why", () => {
  describe.each(pairs)("a %s server, and a %s client", (server, client) => {
    const isDgram = client === "dgram";
    onRealKernel("at a path: names the types that the server can have", () =>
      counted(async () => {
        const path = freshPath();
        await taken(path, { type: server }, async () => {
          const error = await rejection(Socket.connect({ path }, { type: client }));
          expect(error).toMatchObject({ code: "EPROTOTYPE", errno: -91, syscall: "connect", path });
          expect(error.message).toBe(
            `connect EPROTOTYPE ${path}: the server's socket has the type ${
              isDgram
                ? '"stream" or "seqpacket", not "dgram". Give the server\'s type'
                : `"${server}". Give type: "${server}"`
            }`,
          );
          expect(error.stack).toContain(error.message);
        });
      }),
    );

    onRealKernel(
      "at an abstract name: names the server's type if it is dgram, and asks for a check otherwise",
      () =>
        counted(async () => {
          const abstract = freshName();
          const socket =
            server === "dgram"
              ? await Socket.bind({ abstract }, { type: server })
              : await Listener.listen({ abstract }, { type: server });
          expect(await message({ abstract }, client)).toBe(
            `connect ECONNREFUSED \0${abstract}: ${
              server === "dgram"
                ? 'the socket with this name has the type "dgram". Give type: "dgram"'
                : `no socket of type "${client}" in this network namespace has this abstract name. ` +
                  "Start the server first, or check the name and the type"
            }`,
          );
          await socket.close();
        }),
    );
  });

  it.each(["stream", "seqpacket"] as const)(
    "looking for the type makes no connection to a %s server",
    (type) =>
      counted(async () => {
        const path = freshPath();
        await using listener = await Listener.listen({ path }, { type });
        for (const client of TYPES)
          if (client !== type) await rejection(Socket.connect({ path }, { type: client }));
        expect(listener.tryAccept()).toBeUndefined();
      }),
  );

  it("no file at the path", () =>
    counted(async () => {
      const path = freshPath();
      expect(await message({ path })).toBe(
        `connect ENOENT ${path}: no file is at this path. Start the server first, or check the path`,
      );
    }));

  it("no file at a relative path", () =>
    counted(async () => {
      const path = relative(process.cwd(), freshPath());
      expect(await message({ path })).toBe(
        `connect ENOENT ${path}: no file is at this path from the working directory ${process.cwd()}. ` +
          "Start the server first, or check the path",
      );
    }));

  it("no directory", () =>
    counted(async () => {
      const directory = freshPath();
      expect(await message({ path: `${directory}/a` })).toBe(
        `connect ENOENT ${directory}/a: there is no directory ${directory}. Start the server first, or check the path`,
      );
    }));

  it("a symbolic link that leads nowhere", () =>
    counted(async () => {
      const path = freshPath();
      symlinkSync("/nonexistent", path);
      expect(await message({ path })).toBe(
        `connect ENOENT ${path}: the path is a symbolic link to a file that does not exist`,
      );
    }));

  it("a file in place of a directory", () =>
    counted(async () => {
      const file = freshPath();
      writeFileSync(file, "");
      expect(await message({ path: `${file}/a` })).toBe(
        `connect ENOTDIR ${file}/a: ${file} is a regular file, and no directory. Check the path`,
      );
      expect(await message({ path: `${file}/a/b` })).toBe(
        `connect ENOTDIR ${file}/a/b: a part of the path is no directory. Check the path`,
      );
    }));

  it("no socket at the path", () =>
    counted(async () => {
      const path = freshPath();
      writeFileSync(path, "");
      expect(await message({ path })).toBe(
        `connect ECONNREFUSED ${path}: a regular file is at this path, and no socket. Check the path`,
      );
      const directory = freshPath();
      mkdirSync(directory);
      expect(await message({ path: directory })).toBe(
        `connect ECONNREFUSED ${directory}: a directory is at this path, and no socket. Check the path`,
      );
    }));

  it("a dead server's file", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path, SOCK_STREAM);
      for (const type of TYPES) {
        expect(await message({ path }, type)).toBe(
          `connect ECONNREFUSED ${path}: a server that no longer runs has left this file. Start the server again`,
        );
      }
    }));

  it.each(["stream", "seqpacket"] as const)("a %s socket that does not listen", (type) =>
    counted(async () => {
      const path = freshPath();
      await using _ = await Socket.bind({ path }, { type });
      expect(await message({ path }, type)).toBe(
        `connect ECONNREFUSED ${path}: a socket is bound to this path, but does not listen. ` +
          "Its server must use Listener.listen(), or call listen(2)",
      );
    }),
  );

  it("no socket with the abstract name", () =>
    counted(async () => {
      const abstract = freshName();
      for (const type of TYPES) {
        expect(await message({ abstract }, type)).toBe(
          `connect ECONNREFUSED \0${abstract}: no socket of type "${type}" in this network namespace has this abstract name. ` +
            "Start the server first, or check the name and the type",
        );
      }
    }));

  it("no listener at a TCP port", () =>
    counted(async () => {
      const listener = await Listener.listen({ address: "127.0.0.1", port: 0 });
      const { port } = listener.getsockname() as { port: number };
      await listener.close();
      expect(await message({ address: "127.0.0.1", port })).toBe(
        `connect ECONNREFUSED 127.0.0.1:${port}: no program listens at this address and port. ` +
          "Start the server first, or check both",
      );
    }));

  it("a receiver that is connected to another socket", () =>
    counted(async () => {
      const [a, b] = [freshPath(), freshPath()];
      await using first = await Socket.bind({ path: a }, { type: "dgram" });
      await using _ = await Socket.bind({ path: b }, { type: "dgram" });
      await first.connect({ path: b });
      expect(await message({ path: a }, "dgram")).toBe(
        `connect EPERM ${a}: the receiver is connected to another socket, and takes messages from that socket only`,
      );
    }));

  it("a socket that is connected already", () =>
    counted(async () => {
      const path = freshPath();
      await using _ = await Listener.listen({ path });
      await using socket = await Socket.connect({ path });
      expect((await rejection(socket.connect({ path }))).message).toBe(
        `connect EISCONN ${path}: the socket is connected already. Make another one with Socket.connect()`,
      );
    }));

  it("an address of another family", () =>
    counted(async () => {
      await using socket = await Socket.bind({ path: freshPath() });
      expect((await rejection(socket.connect({ address: "127.0.0.1", port: 1 }))).message).toBe(
        "connect EINVAL 127.0.0.1:1: the address is of family ipv4, and the socket is of family unix. " +
          "Give an address of family unix",
      );
    }));

  skipUnless("there is no IPv6 here", hasIpv6)("a link-local address without an interface", () =>
    counted(async () => {
      expect(await message({ address: "fe80::1", port: 9 }, "dgram")).toBe(
        'connect EINVAL fe80::1:9: a link-local address needs an interface. Write it as "fe80::1%eth0", or give scopeId',
      );
    }),
  );

  givingUpRights("no permission on the socket file, or on a directory", () =>
    counted(async () => {
      chmodSync(temporaryDirectory(), 0o755);
      const path = freshPath();
      const closed = `${dirname(path)}/closed`;
      mkdirSync(closed, 0o700);
      await using _ = await Listener.listen({ path }, { mode: 0o600 });
      await asNobody(async () => {
        expect(await message({ path })).toBe(
          `connect EACCES ${path}: this user may not write to the socket's file. ` +
            "Change the file's mode or owner: the server can give the option mode",
        );
        expect(await message({ path: `${closed}/a` })).toBe(
          `connect EACCES ${closed}/a: this user may not search a directory of the path. Change the directory's mode or owner`,
        );
      });
    }),
  );
});
