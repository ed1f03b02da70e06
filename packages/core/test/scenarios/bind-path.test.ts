import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Listener, Socket } from "../../src/index.js";
import { compiled } from "../support/compiled.js";
import { counted } from "../support/counted.js";
import { evaluate } from "../support/evaluate.js";
import { freshPath } from "../support/fresh-places.js";
import { canBeNobody, letOthersRead, NOBODY } from "../support/nobody.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { leaveStale, taken, underUmask } from "../support/taken-path.js";
import { isEmulated } from "../support/target.js";

it("a server that starts while another one closes takes the path, or gets EADDRINUSE", async () => {
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
          // The path must lead to this listener, and not to the other process's.
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
  const asNobody = skipUnless(
    "only root can become another user, who must be able to read the library",
    canBeNobody(),
  );

  let dist: string;
  beforeAll(async () => {
    dist = await compiled();
    letOthersRead(dist);
  });

  /** Starts a process that connects to the path again and again, as nobody. It prints the results when its stdin ends. */
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

  // User-mode emulation sometimes says EFAULT when connect(2) is refused.
  const asNobodyOnRealKernel = isEmulated() ? onRealKernel : asNobody;
  asNobodyOnRealKernel(
    "can never connect to a socket of mode 600, on a real kernel, whatever the umask",
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

  /** A stale file that other users may not use, so that only the new socket can let them in. */
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
