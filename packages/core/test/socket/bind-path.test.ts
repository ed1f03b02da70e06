import { existsSync, linkSync, renameSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { Listener, Socket, type SocketType } from "../../src/index.js";
import { isDeno } from "../../src/runtime.js";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../src/syscalls/index.js";
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
  ])("mode %o under umask %o", (mode, mask) =>
    counted(() =>
      underUmask(mask, async () => {
        const path = freshPath();
        await taken(path, { type, mode }, () => expect(modeOf(path)).toBe(mode));
      }),
    ),
  );

  it("without a mode, the umask decides", () =>
    counted(() =>
      underUmask(0o027, async () => {
        const path = freshPath();
        await taken(path, { type }, () => expect(modeOf(path)).toBe(0o750));
      }),
    ));

  it("removes its file when it is closed", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, { type }, () => expect(statSync(path).isSocket()).toBe(true));
      expect(existsSync(path)).toBe(false);
    }));

  it("a file that is in the way stays there, by default", () =>
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

describe("the file that is removed", () => {
  it("is not another's that has taken its place", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => {
        unlinkSync(path);
        leaveStale(path);
      });
      expect(statSync(path).isSocket()).toBe(true);
    }));

  it("is not one that was renamed", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => renameSync(path, `${path}.renamed`));
      expect(existsSync(`${path}.renamed`)).toBe(true);
    }));

  it("may be gone already", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => unlinkSync(path));
    }));

  it("is the same after the working directory has changed", () =>
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

  it("goes when the socket cannot be made after all", () =>
    counted(async () => {
      const path = freshPath();
      // A datagram socket binds, and cannot listen.
      expect(await rejection(Listener.listen({ path }, { type: "dgram" }))).toMatchObject({
        code: "EOPNOTSUPP",
        syscall: "listen",
      });
      expect(existsSync(path)).toBe(false);
    }));

  it("stays when the socket is handed over or becomes somebody else's", () =>
    counted(async () => {
      const path = freshPath();
      const socket = await Socket.bind({ path }, { type: "dgram" });
      socket.detach().close();
      expect(existsSync(path)).toBe(true);
    }));
});

describe("paths", () => {
  skipUnless("Deno's node:fs takes only paths that are text", !isDeno)("may be bytes that are no text", () =>
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

  it("may fill sun_path: 108 bytes", () =>
    counted(async () => {
      const path = `${temporaryDirectory()}/`.padEnd(108, "x");
      await taken(path, { mode: 0o600, unlink: "stale" }, async () => {
        const client = await Socket.connect({ path });
        expect(client.getpeername()).toEqual({ family: "unix", path });
        await client.close();
      });
      expect(existsSync(path)).toBe(false);
    }));

  it.each([{ mode: 0o600 }, { unlink: "stale" as const }])("%o needs a path", (options) =>
    counted(async () => {
      const name = Object.keys(options)[0]!;
      expect(await rejection(Listener.listen({ family: "unix", abstract: "x" }, options))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: `options.${name}`,
      });
    }),
  );
});

describe("a hard link", () => {
  it("that others made is theirs", () =>
    counted(async () => {
      const path = freshPath();
      await taken(path, {}, () => linkSync(path, `${path}.link`));
      expect([existsSync(path), existsSync(`${path}.link`)]).toEqual([false, true]);
    }));
});
