import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, Socket, type SocketOptions, type SocketType } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { isDeno } from "../../src/runtime.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { compiled } from "../compiled.js";
import { counted } from "../counted.js";
import { closeSync, openSync } from "../files.mjs";
import { evaluate } from "../module.js";
import { rejection } from "../pairs.js";
import { isEmulated, isRoot, onRealKernel, skipUnless } from "../target.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { freshPath } from "../transports.js";

/** flock(2) */
const LOCK_EX = 2;

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Runs `body` under that umask, of which it must leave no trace. */
async function underUmask(mask: number, body: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await body();
    expect(process.umask()).toBe(mask);
  } finally {
    process.umask(before);
  }
}

/** Listens, or binds where that type does not listen. */
function take(path: string | Uint8Array, options: SocketOptions): Promise<Listener | Socket> {
  return options.type === "dgram" ? Socket.bind({ path }, options) : Listener.listen({ path }, options);
}

async function taken(path: string | Uint8Array, options: SocketOptions, use: () => unknown): Promise<void> {
  const socket = await take(path, options);
  try {
    await use();
  } finally {
    await socket.close();
  }
}

/** A socket file whose server is gone. */
function leaveStale(path: string, type: number = SOCK_STREAM): void {
  const fd = socket(AF_UNIX, type);
  bind(fd, encodeAddress({ path }));
  close(fd);
}

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
  it("never disturbs the server that lives: it gets no connection and no message", () =>
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

  it("two that find the same stale file: one wins, the other sees it live", () =>
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

  /** Runs `body` while somebody else has the lock of the path's directory; `unlock` gives it back earlier. */
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

  it("waits for the directory's lock, and can be aborted", () =>
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

  it("gives up when somebody else never gives the lock back, and says why", () =>
    locked(async (path) => {
      leaveStale(path);
      const error = await rejection(Listener.listen({ path }, { unlink: "stale" }));
      expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "bind", path });
      expect(error.message).toContain("flock(2)");
      expect(statSync(path).isSocket()).toBe(true);
    }));

  it("needs no lock where no file is in the way, or a server lives", () =>
    locked(async (path) => {
      await taken(path, { unlink: "stale" }, async () => {
        const error = await rejection(Listener.listen({ path }, { unlink: "stale" }));
        expect(error.message).toBe(`bind EADDRINUSE ${path}`);
      });
    }));

  it("binds where the stale file is gone once it has the lock", () =>
    locked(async (path, unlock) => {
      leaveStale(path);
      const waiting = Listener.listen({ path }, { unlink: "stale" });
      unlinkSync(path);
      unlock();
      await (await waiting).close();
    }));

  it("leaves the server that has taken the stale file's place meanwhile", () =>
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

  it("a directory that does not exist is the kernel's error", () =>
    counted(async () => {
      const path = "/nonexistent/socket";
      expect(await rejection(take(path, {}))).toMatchObject({ code: "ENOENT", syscall: "bind", path });
      expect((await rejection(take(path, { unlink: "stale" }))).code).toBe("ENOENT");
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

it("a server that starts while another one closes takes the path, or is told that it is in use", async () => {
  const dist = await compiled();
  await counted(async () => {
    const path = freshPath();
    const source = `
      import { Listener } from ${JSON.stringify(pathToFileURL(join(dist, "index.js")).href)};
      let going = true;
      process.stdin.on("end", () => { going = false; }).resume();
      console.log("ready");
      while (going) {
        try {
          await (await Listener.listen({ path: ${JSON.stringify(path)} }, { unlink: "stale" })).close();
        } catch ({ code }) {
          if (code !== "EADDRINUSE") console.log(code);
        }
        await new Promise(setImmediate);
      }`;
    const child = spawn(process.execPath, evaluate(source), {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await once(child.stdout, "data");
      const codes = new Set<unknown>();
      for (let i = 0; i < 2000; i++) {
        try {
          const listener = await Listener.listen({ path }, { unlink: "stale" });
          // Nobody else may have put a socket of his own in its place.
          await (await Socket.connect({ path })).close();
          expect(listener.tryAccept()?.close()).toBeDefined();
          await listener.close();
        } catch (error) {
          codes.add((error as { code: unknown }).code);
        }
      }
      child.stdin.end();
      await once(child, "close");
      expect(output.trim()).toBe("ready");
      expect([...codes]).toEqual(codes.size === 0 ? [] : ["EADDRINUSE"]);
    } finally {
      child.kill();
    }
  });
});

describe("another user", () => {
  const NOBODY = 65_534;
  const core = new URL("../..", import.meta.url).pathname;
  /** Whether a process of another user's can be had, and can read the library. */
  const canBeNobody =
    isRoot &&
    spawnSync(process.execPath, ["-e", `require("fs").accessSync(${JSON.stringify(core)}, 5)`], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: "ignore",
    }).status === 0;
  const asNobody = skipUnless(
    "only root can become another user, who must be able to read the library",
    canBeNobody,
  );

  let dist: string;
  beforeAll(async () => {
    dist = await compiled();
    for (let path = dist; path !== dirname(core); path = dirname(path))
      chmodSync(path, statSync(path).mode | 0o055);
  });

  /** Connects to the path over and over, as nobody; what came of it is printed when stdin ends. */
  function assail(path: string): ChildProcess {
    const source = `
      const { AF_UNIX, SOCK_STREAM } = await import(process.env.CONSTANTS);
      const { close, connect, socket } = await import(process.env.SYSCALLS);
      const { encodeAddress } = await import(process.env.ADDRESS);
      const address = encodeAddress({ path: ${JSON.stringify(path)} });
      const seen = {};
      let going = true;
      process.stdin.on("end", () => { going = false; }).resume();
      const attempt = () => {
        for (let i = 0; i < 500; i++) {
          const fd = socket(AF_UNIX, SOCK_STREAM);
          let result = "connected";
          try { connect(fd, address); } catch (error) { result = error.code; }
          close(fd);
          seen[result] = (seen[result] ?? 0) + 1;
        }
        if (going) setImmediate(attempt);
        else console.log(Object.keys(seen).sort().join());
      };
      attempt();
      console.log("ready");`;
    return spawn(process.execPath, evaluate(source), {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        CONSTANTS: pathToFileURL(join(dist, "constants/index.js")).href,
        SYSCALLS: pathToFileURL(join(dist, "syscalls/index.js")).href,
        ADDRESS: pathToFileURL(join(dist, "address/index.js")).href,
      },
    });
  }

  // User-mode emulation sometimes answers EFAULT where connect(2) was refused.
  const asNobodyOnRealKernel = isEmulated() ? onRealKernel : asNobody;
  asNobodyOnRealKernel(
    "trap 37: can at no moment connect to a socket of mode 600, on a real kernel, whatever the umask",
    () =>
      counted(async () => {
        const path = freshPath();
        chmodSync(dirname(path), 0o755);
        const child = assail(path);
        let output = "";
        child.stdout!.on("data", (chunk) => {
          output += chunk;
        });
        await once(child.stdout!, "data");
        await underUmask(0, async () => {
          for (let i = 0; i < 200; i++) {
            if (i % 2) leaveStale600(path);
            await taken(path, { mode: 0o600, unlink: "stale" }, () => {
              if (i % 20 === 0) return new Promise((resolve) => setTimeout(resolve, 5));
            });
          }
        });
        child.stdin!.end();
        await once(child, "close");
        expect(output.trim().split("\n").at(-1)).toBe("EACCES,ENOENT");
      }),
  );

  /** A stale file that others may not touch either: what they see must be the new socket's doing. */
  function leaveStale600(path: string): void {
    const before = process.umask(0o177);
    leaveStale(path);
    process.umask(before);
  }

  asNobody("can connect to a socket of mode 666, whatever the umask", () =>
    counted(() =>
      underUmask(0o077, async () => {
        const path = freshPath();
        chmodSync(dirname(path), 0o755);
        await taken(path, { mode: 0o666 }, async () => {
          const child = assail(path);
          let output = "";
          child.stdout!.on("data", (chunk) => {
            output += chunk;
          });
          await once(child.stdout!, "data");
          child.stdin!.end();
          await once(child, "close");
          expect(output).toContain("connected");
        });
      }),
    ),
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

describe("the lock", () => {
  it("is let go of, with its descriptor", () =>
    counted(async () => {
      const path = freshPath();
      for (let i = 0; i < 3; i++) await taken(path, { unlink: "stale" }, () => {});
      expect(readFileSync("/proc/locks", "latin1")).not.toMatch(
        new RegExp(`FLOCK .* ${process.pid} .*:${statSync(dirname(path)).ino} `),
      );
    }));
});
