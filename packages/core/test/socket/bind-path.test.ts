import { existsSync, linkSync, renameSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, Socket, type SocketType } from "../../src/index.js";
import { isDeno } from "../../src/runtime.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { skipUnless } from "../support/skip-unless.js";
import { leaveStale, modeOf, take, taken, underUmask } from "../support/taken-path.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const TYPES: [SocketType, number][] = [
  ["stream", SOCK_STREAM],
  ["seqpacket", SOCK_SEQPACKET],
  ["dgram", SOCK_DGRAM],
];

describe.each(TYPES)("%s", (type, number) => {
  it.each([
    [0o600, 0o000],
    [0o600, 0o022],
    [0o660, 0o077],
    [0o666, 0o077],
    [0o777, 0o777],
    [0o000, 0o022],
  ])("has mode %o under umask %o", (mode, mask) =>
    counted(() =>
      underUmask(mask, async () => {
        const path = freshPath();
        await taken(path, { type, mode }, () => expect(modeOf(path)).toBe(mode));
      }),
    ),
  );

  it("has the mode that the umask leaves if none is given", () =>
    counted(() =>
      underUmask(0o027, async () => {
        const path = freshPath();
        await taken(path, { type }, () => expect(modeOf(path)).toBe(0o750));
      }),
    ));

  it("removes its file when it closes", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, { type }, () => expect(statSync(path).isSocket()).toBe(true));
      expect(existsSync(path)).toBe(false);
    }));

  it("leaves a file that is in the way, by default", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path, number);
      expect(await rejection(take(path, { type }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
        path,
      });
      expect(statSync(path).isSocket()).toBe(true);
    }));
});

describe("a socket that closes", () => {
  it("leaves the file of another server that has taken its path", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => {
        unlinkSync(path);
        leaveStale(path);
      });
      expect(statSync(path).isSocket()).toBe(true);
    }));

  it("leaves its file if it was renamed", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => renameSync(path, `${path}.renamed`));
      expect(existsSync(`${path}.renamed`)).toBe(true);
    }));

  it("does not mind that its file is gone", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => unlinkSync(path));
    }));

  it("removes its file after the working directory has changed", () =>
    counted(async () => {
      const before = process.cwd();
      const path = freshPath();
      try {
        process.chdir(dirname(path));
        for (const name of [basename(path), Buffer.from(basename(path))]) {
          await taken(name, {}, () => {
            expect(statSync(path).isSocket()).toBe(true);
            process.chdir("/");
          });
          expect(existsSync(path)).toBe(false);
          process.chdir(dirname(path));
        }
      } finally {
        process.chdir(before);
      }
    }));

  it("removes its file if the socket can't be made after the bind", () =>
    counted(async () => {
      const path = freshPath();
      // A datagram socket can bind, but not listen.
      expect(await rejection(Listener.listen({ path }, { type: "dgram" }))).toMatchObject({
        code: "EOPNOTSUPP",
        syscall: "listen",
      });
      expect(existsSync(path)).toBe(false);
    }));

  it("leaves its file if it was detached before", () =>
    counted(async () => {
      const path = freshPath();
      const socket = await Socket.bind({ path }, { type: "dgram" });
      socket.detach().close();
      expect(existsSync(path)).toBe(true);
    }));
});

describe("paths", () => {
  skipUnless("Deno's node:fs takes only paths that are text", !isDeno)("can be bytes that are no UTF-8", () =>
    counted(async () => {
      const path = Buffer.concat([Buffer.from(`${temporaryDirectory()}/`), Buffer.from([0xff, 0xfe, 0x80])]);
      await taken(path, { mode: 0o600 }, async () => {
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const client = await Socket.connect({ path });
        const { path: peer } = client.getpeername() as { path: Uint8Array };
        expect(Buffer.from(peer).equals(path)).toBe(true);
        await client.close();
      });
      expect(existsSync(path)).toBe(false);
    }),
  );

  it("can have 108 bytes, as many as sun_path", () =>
    counted(async () => {
      const path = `${temporaryDirectory()}/`.padEnd(108, "x");
      await taken(path, { mode: 0o600, unlink: "stale" }, async () => {
        const client = await Socket.connect({ path });
        expect(client.getpeername()).toEqual({ family: "unix", path });
        await client.close();
      });
      expect(existsSync(path)).toBe(false);
    }));

  it.each([{ mode: 0o600 }, { unlink: "stale" as const }])("are required for the options %o", (options) =>
    counted(async () => {
      const name = Object.keys(options)[0]!;
      expect(await rejection(Listener.listen({ family: "unix", abstract: "x" }, options))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: `options.${name}`,
      });
    }),
  );
});

describe("a hard link that somebody made of the socket's file", () => {
  it("stays when the socket closes", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => linkSync(path, `${path}.link`));
      expect([existsSync(path), existsSync(`${path}.link`)]).toEqual([false, true]);
    }));
});
