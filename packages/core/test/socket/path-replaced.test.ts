import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_NETLINK } from "../../src/constants/address-families.js";
import { EAFNOSUPPORT } from "../../src/errno.js";
import { Listener, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { close } from "../../src/syscalls/index.js";
import { replace, whereTold } from "../support/bound-file.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { skipUnless } from "../support/skip-unless.js";
import { modeOf } from "../support/taken-path.js";
import { isRoot } from "../support/target.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Acts as another process at the worst moment: `act` runs once, right after (or before) the system call that `when` picks. */
function meanwhile(
  call: "bind" | "connect" | "rename",
  act: () => void,
  { nth = 1, before = false }: { nth?: number; before?: boolean } = {},
): void {
  const native = binding() as unknown as Record<string, (...args: unknown[]) => number>;
  const original = native[call]!;
  let calls = 0;
  vi.spyOn(native, call).mockImplementation((...args) => {
    calls++;
    const acts = calls === nth;
    if (acts && before) act();
    const result = original(...args);
    if (acts && !before) act();
    return result;
  });
}

function leaveStale(path: string): void {
  close(replace(path));
}

async function underUmask(mask: number, body: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await body();
  } finally {
    process.umask(before);
  }
}

/** The names that a socket file has while the library examines it. None may be left behind. */
const leftovers = (path: string): string[] =>
  readdirSync(dirname(path)).filter((name) => name.startsWith(".sendmsg-"));

describe("the mode, when somebody replaces the file right after bind(2)", () => {
  it("is not given to the target of a symbolic link", () =>
    counted(() =>
      underUmask(0o077, async () => {
        const path = freshPath();
        const precious = `${path}.precious`;
        writeFileSync(precious, "secret", { mode: 0o600 });
        meanwhile("bind", () => {
          renameSync(path, `${path}.away`);
          symlinkSync(precious, path);
        });
        const error = await rejection(Listener.listen({ path }, { mode: 0o666 }));
        expect(modeOf(precious)).toBe(0o600);
        expect(error).toMatchObject({ code: "ENOENT", syscall: "chmod", path });
        expect(error.message).toContain("replaced");
        expect(readlinkSync(path)).toBe(precious);
      }),
    ));

  whereTold("is not given to another socket of ours, which keeps its path, too", () =>
    counted(() =>
      underUmask(0o077, async () => {
        const path = freshPath();
        const other = await Listener.listen({ path: `${path}.private` }, { mode: 0o600 });
        meanwhile("bind", () => {
          renameSync(path, `${path}.away`);
          renameSync(`${path}.private`, path);
        });
        const error = await rejection(Listener.listen({ path }, { mode: 0o666 }));
        expect(error).toMatchObject({ code: "ENOENT", syscall: "chmod" });
        expect(modeOf(path)).toBe(0o600);
        await (await Socket.connect({ path })).close();
        await other.close();
      }),
    ),
  );

  whereTold("is not given to a file in another directory, to which the path now leads", () =>
    counted(() =>
      underUmask(0o077, async () => {
        const root = dirname(freshPath());
        const [here, there, way] = ["here", "there", "way"].map((name) =>
          join(root, `${name}-${Date.now()}`),
        );
        for (const directory of [here!, there!]) mkdirSync(directory);
        symlinkSync(here!, way!);
        const other = await Listener.listen({ path: join(there!, "socket") }, { mode: 0o600 });
        meanwhile("bind", () => {
          unlinkSync(way!);
          symlinkSync(there!, way!);
        });
        await rejection(Listener.listen({ path: join(way!, "socket") }, { mode: 0o666 }));
        expect(modeOf(join(there!, "socket"))).toBe(0o600);
        await other.close();
      }),
    ),
  );
});

describe("close()", () => {
  whereTold("leaves the file of a server that took the path right after bind(2)", () =>
    counted(async () => {
      const path = freshPath();
      let other = -1;
      meanwhile("bind", () => {
        other = replace(path);
      });
      const listener = await Listener.listen({ path });
      const { ino } = lstatSync(path);
      await listener.close();
      expect(lstatSync(path).ino).toBe(ino);
      close(other);
    }),
  );

  it("puts back the file that another server made while ours was examined", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      let other = -1;
      meanwhile(
        "rename",
        () => {
          other = replace(path);
        },
        { before: true },
      );
      await listener.close();
      expect(binding().rename).toHaveBeenCalledTimes(2);
      expect(lstatSync(path).isSocket()).toBe(true);
      close(other);
      expect(leftovers(path)).toEqual([]);
    }));

  it("does not replace a third server's file to put back the second one's", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      const others: number[] = [];
      const native = binding();
      const rename = native.rename;
      vi.spyOn(native, "rename").mockImplementation((from, to) => {
        if (others.length === 0) others.push(replace(path));
        const result = rename(from, to);
        if (others.length === 1) others.push(replace(path));
        return result;
      });
      const { ino } = lstatSync(path);
      await listener.close();
      expect(lstatSync(path).ino).not.toBe(ino);
      expect(leftovers(path).length).toBe(1);
      for (const name of leftovers(path)) unlinkSync(join(dirname(path), name));
      for (const fd of others) close(fd);
    }));

  it("removes its file without renameat2(2)", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      vi.spyOn(binding(), "rename").mockReturnValue(-22);
      await listener.close();
      expect(existsSync(path)).toBe(false);
    }));

  it("removes its file if the path has a symbolic link and `..`", () =>
    counted(async () => {
      const root = `${freshPath()}.d`;
      mkdirSync(join(root, "real", "below"), { recursive: true });
      symlinkSync(join("real", "below"), join(root, "link"));
      const listener = await Listener.listen({ path: `${root}/link/../socket` });
      const file = join(root, "real", "socket");
      expect(existsSync(file)).toBe(true);
      await listener.close();
      expect(existsSync(file)).toBe(false);
    }));

  it("removes its file if the path has a symbolic link that now leads elsewhere", () =>
    counted(async () => {
      const root = `${freshPath()}.d`;
      for (const name of ["first", "second"]) mkdirSync(join(root, name), { recursive: true });
      symlinkSync("first", join(root, "current"));
      const path = join(root, "current", "socket");
      const first = await Listener.listen({ path });
      unlinkSync(join(root, "current"));
      symlinkSync("second", join(root, "current"));
      const second = await Listener.listen({ path });
      await first.close();
      expect(existsSync(join(root, "first", "socket"))).toBe(false);
      expect(existsSync(join(root, "second", "socket"))).toBe(true);
      await second.close();
    }));

  it("changes nothing in a directory to which it may no longer write", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      vi.spyOn(binding(), "rename").mockReturnValue(-13);
      const mode = statSync(dirname(path)).mode & 0o7777;
      chmodSync(dirname(path), 0o500);
      await listener.close();
      chmodSync(dirname(path), mode);
      expect(existsSync(path)).toBe(process.getuid?.() !== 0);
      rmSync(path, { force: true });
    }));
});

describe('unlink "stale"', () => {
  it("leaves the file of a live server that has replaced the stale one meanwhile", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path);
      let other = -1;
      // The library connects twice: without the lock, and again with it. The second result counts.
      meanwhile(
        "connect",
        () => {
          other = replace(path);
        },
        { nth: 2 },
      );
      const error = await rejection(Listener.listen({ path }, { unlink: "stale" }));
      expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "bind", path });
      expect(lstatSync(path).isSocket()).toBe(true);
      close(other);
      expect(leftovers(path)).toEqual([]);
    }));

  it("leaves a regular file that has replaced the stale socket meanwhile", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path);
      meanwhile(
        "connect",
        () => {
          unlinkSync(path);
          writeFileSync(path, "precious");
        },
        { nth: 2 },
      );
      expect((await rejection(Listener.listen({ path }, { unlink: "stale" }))).code).toBe("EADDRINUSE");
      expect(lstatSync(path).isFile()).toBe(true);
    }));
});

describe("where the kernel does not tell which file a socket is bound to", () => {
  /** As under systemd's RestrictAddressFamilies=AF_UNIX. */
  function withoutNetlink(): void {
    const native = binding();
    const original = native.socket;
    vi.spyOn(native, "socket").mockImplementation((domain, ...rest) =>
      domain === AF_NETLINK ? -EAFNOSUPPORT : original(domain, ...rest),
    );
  }

  /** A directory of this user with this mode. */
  function directoryOfMode(mode: number): string {
    const directory = `${freshPath()}.d`;
    mkdirSync(directory);
    chmodSync(directory, mode);
    return directory;
  }

  it.each([0o700, 0o755, 0o1777])("the socket's mode is widened in a directory of mode %o", (directoryMode) =>
    counted(() =>
      underUmask(0o077, async () => {
        withoutNetlink();
        const path = join(directoryOfMode(directoryMode), "socket");
        const listener = await Listener.listen({ path }, { mode: 0o666 });
        expect(modeOf(path)).toBe(0o666);
        await listener.close();
        expect(existsSync(path)).toBe(false);
      }),
    ),
  );

  const EXPOSED: [string, (directory: string) => void][] = [
    ["that others may write to", (directory) => chmodSync(directory, 0o777)],
  ];
  if (isRoot) EXPOSED.push(["of another user", (directory) => chownSync(directory, 65_534, 65_534)]);

  it.each(EXPOSED)("the socket's mode is not widened in a directory %s, or below one", (_, change) =>
    counted(() =>
      underUmask(0o077, async () => {
        withoutNetlink();
        const directory = directoryOfMode(0o700);
        mkdirSync(join(directory, "below"));
        change(directory);
        for (const path of [join(directory, "socket"), join(directory, "below", "socket")]) {
          const error = await rejection(Listener.listen({ path }, { mode: 0o660 }));
          expect(error).toMatchObject({ code: "EPERM", syscall: "chmod", path });
          expect(error.message).toContain("the mode stays 600 and was not widened to 660");
          expect(existsSync(path)).toBe(false);
          // The umask allows the mode, so that the library must widen nothing.
          await (await Listener.listen({ path }, { mode: 0o600 })).close();
        }
      }),
    ),
  );

  it("a symbolic link is still not followed", () =>
    counted(() =>
      underUmask(0o077, async () => {
        withoutNetlink();
        const path = freshPath();
        const precious = `${path}.precious`;
        writeFileSync(precious, "secret", { mode: 0o600 });
        meanwhile("bind", () => {
          unlinkSync(path);
          symlinkSync(precious, path);
        });
        await rejection(Listener.listen({ path }, { mode: 0o666 }));
        expect(modeOf(precious)).toBe(0o600);
      }),
    ));
});

describe("overlayfs, where stat(2) returns another device number than UNIX_DIAG", async () => {
  const run = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

  /**
   * Runs `body` in a directory of an overlay, which is unmounted afterwards. Its layers are on two file systems, because only then
   * do the devices differ. Returns whether the overlay could be mounted.
   */
  async function onOverlay(body: (merged: string) => Promise<void>): Promise<boolean> {
    const root = `${freshPath()}.overlay`;
    const directory = (name: string) => join(root, name);
    const mounted: string[] = [];
    const mount = (name: string, ...options: string[]): boolean => {
      mkdirSync(directory(name), { recursive: true });
      const isMounted = run("mount", ...options, directory(name));
      if (isMounted) mounted.unshift(directory(name));
      return isMounted;
    };
    try {
      if (!mount("lower", "-t", "tmpfs", "none") || !mount("upper", "-t", "tmpfs", "none")) return false;
      for (const name of ["files", "work"]) mkdirSync(join(directory("upper"), name));
      const upper = directory("upper");
      const layers = `lowerdir=${directory("lower")},upperdir=${upper}/files,workdir=${upper}/work`;
      if (!mount("merged", "-t", "overlay", "none", "-o", layers)) return false;
      await body(directory("merged"));
      return true;
    } finally {
      for (const name of mounted) expect(run("umount", name), name).toBe(true);
    }
  }

  it("is unmounted after these tests, and so is the tmpfs below it", async () => {
    if (isRoot) await onOverlay(async () => {});
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(dirname(freshPath()));
  });

  const hasOverlay = isRoot && (await onOverlay(async () => {}));
  const itHere = hasOverlay ? whereTold : skipUnless("needs root, and a kernel with overlayfs", false);

  itHere("does not keep the library from recognising the socket's file", () =>
    counted(() =>
      onOverlay((merged) =>
        underUmask(0o077, async () => {
          const path = join(merged, "socket");
          chmodSync(merged, 0o777);
          const listener = await Listener.listen({ path }, { mode: 0o666 });
          expect(modeOf(path)).toBe(0o666);
          await listener.close();
          expect(existsSync(path)).toBe(false);
          const other = await Listener.listen({ path: `${path}.private` }, { mode: 0o600 });
          meanwhile("bind", () => renameSync(`${path}.private`, path));
          expect((await rejection(Listener.listen({ path }, { mode: 0o666 }))).code).toMatch(/^E/);
          expect(modeOf(path)).toBe(0o600);
          await other.close();
        }),
      ),
    ),
  );
});
