import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, Socket, type SocketType } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { counted } from "../support/counted.js";
import { closeSync, openSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { leaveStale, modeOf, take, taken } from "../support/taken-path.js";

/** flock(2) */
const LOCK_EX = 2;

const TYPES: [SocketType, number][] = [
  ["stream", SOCK_STREAM],
  ["seqpacket", SOCK_SEQPACKET],
  ["dgram", SOCK_DGRAM],
];

describe.each(TYPES)("%s", (type) => {
  it.each(TYPES)('unlink "stale" replaces the file of a %s server that is gone', (_, other) =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path, other);
      await taken(path, { type, unlink: "stale", mode: 0o600 }, async () => {
        expect(modeOf(path)).toBe(0o600);
        const client = await Socket.connect({ path }, { type });
        await client.close();
      });
      expect(existsSync(path)).toBe(false);
    }),
  );

  it.each(TYPES)('unlink "stale" leaves the file of a %s server that lives', (other) =>
    counted(async () => {
      const path = freshPath();
      await taken(path, { type: other }, async () => {
        const before = statSync(path).ino;
        const error = await rejection(take(path, { type, unlink: "stale" }));
        expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "bind", path });
        expect(statSync(path).ino).toBe(before);
      });
    }),
  );

  it.each(TYPES)('unlink "stale" leaves the file of a %s server that has not called listen yet', (other) =>
    counted(async () => {
      const path = freshPath();
      const server = await Socket.bind({ path }, { type: other });
      expect((await rejection(take(path, { type, unlink: "stale" }))).code).toBe("EADDRINUSE");
      expect(statSync(path).isSocket()).toBe(true);
      await server.close();
    }),
  );
});

describe('unlink "stale"', () => {
  it("does not disturb a live server, which gets no connection and no message", () =>
    counted(async () => {
      for (const type of ["stream", "dgram"] as const) {
        const path = freshPath();
        const server = await take(path, { type });
        await rejection(take(path, { unlink: "stale" }));
        expect(server instanceof Listener ? server.tryAccept() : server.tryRecvmsg()).toBeUndefined();
        await server.close();
      }
    }));

  it.each([
    ["a file", (path: string) => writeFileSync(path, "precious")],
    [
      "a symbolic link to a stale socket",
      (path: string) => {
        leaveStale(`${path}.target`);
        symlinkSync(`${path}.target`, path);
      },
    ],
    ["a dangling symbolic link", (path: string) => symlinkSync("nowhere", path)],
  ])("leaves %s alone", (_, make) =>
    counted(async () => {
      const path = freshPath();
      make(path);
      expect((await rejection(take(path, { unlink: "stale" }))).code).toBe("EADDRINUSE");
      expect(lstatSync(path).isSocket()).toBe(false);
    }),
  );

  it("lets one of several servers win that find the same stale file", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path);
      const results = await Promise.allSettled(
        [1, 2, 3].map(() => Listener.listen({ path }, { unlink: "stale" })),
      );
      const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      expect(winners.length).toBe(1);
      const client = await Socket.connect({ path });
      await Promise.all([client.close(), winners[0]!.close()]);
    }));

  /** Runs `body` while another descriptor has the lock of the path's directory. `unlock` releases it earlier. */
  function locked(body: (path: string, unlock: () => void) => Promise<void>): Promise<void> {
    return counted(async () => {
      const directory = mkdtempSync(join(tmpdir(), "sendmsg-lock-"));
      const lock = openSync(directory, "r");
      let isOpen = true;
      const unlock = () => {
        if (isOpen) closeSync(lock);
        isOpen = false;
      };
      binding().flock(lock, LOCK_EX);
      try {
        await body(join(directory, "socket"), unlock);
      } finally {
        unlock();
        rmSync(directory, { recursive: true });
      }
    });
  }

  it("waits for the directory's lock until it is aborted", () =>
    locked(async (path, unlock) => {
      leaveStale(path);
      const { ino } = statSync(path);
      const controller = new AbortController();
      const aborted = rejection(Listener.listen({ path }, { unlink: "stale", signal: controller.signal }));
      const waiting = Listener.listen({ path }, { unlink: "stale" });
      setTimeout(() => controller.abort("why"), 20);
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(statSync(path).ino).toBe(ino);
      unlock();
      await (await waiting).close();
    }));

  it("gives up if another process keeps the lock, and says why", () =>
    locked(async (path) => {
      leaveStale(path);
      const error = await rejection(Listener.listen({ path }, { unlink: "stale" }));
      expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "bind", path });
      expect(error.message).toContain("flock(2)");
      expect(statSync(path).isSocket()).toBe(true);
    }));

  it("needs no lock if no file is in the way, or if its server lives", () =>
    locked(async (path) => {
      await taken(path, { unlink: "stale" }, async () => {
        const error = await rejection(Listener.listen({ path }, { unlink: "stale" }));
        expect(error.message).toBe(
          `bind EADDRINUSE ${path}: the socket of a running server is at this path. Stop that server, or choose another path`,
        );
      });
    }));

  it("binds if the stale file is gone when it gets the lock", () =>
    locked(async (path, unlock) => {
      leaveStale(path);
      const waiting = Listener.listen({ path }, { unlink: "stale" });
      unlinkSync(path);
      unlock();
      await (await waiting).close();
    }));

  it("leaves the file of a server that has replaced the stale one meanwhile", () =>
    locked(async (path, unlock) => {
      leaveStale(path);
      const waiting = rejection(Listener.listen({ path }, { unlink: "stale" }));
      unlinkSync(path);
      await taken(path, {}, async () => {
        unlock();
        expect((await waiting).code).toBe("EADDRINUSE");
        await (await Socket.connect({ path })).close();
      });
    }));

  it("rejects with the kernel's error if the directory does not exist", () =>
    counted(async () => {
      const path = "/nonexistent/socket";
      expect(await rejection(take(path, {}))).toMatchObject({ code: "ENOENT", syscall: "bind", path });
      expect((await rejection(take(path, { unlink: "stale" }))).code).toBe("ENOENT");
    }));
});

describe("the lock of the directory", () => {
  it("is released, and its descriptor is closed", () =>
    counted(async () => {
      const path = freshPath();
      for (let i = 0; i < 3; i++) await taken(path, { unlink: "stale" }, () => {});
      expect(readFileSync("/proc/locks", "latin1")).not.toMatch(
        new RegExp(`FLOCK .* ${process.pid} .*:${statSync(dirname(path)).ino} `),
      );
    }));
});
