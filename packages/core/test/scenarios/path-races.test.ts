import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, Socket } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { compiled } from "../support/compiled.js";
import { counted } from "../support/counted.js";
import { evaluate } from "../support/evaluate.js";
import { freshPath } from "../support/fresh-places.js";
import { skipUnless } from "../support/skip-unless.js";

/** The number of rounds. To run more: SENDMSG_ROUNDS=10000. */
const ROUNDS = Number(process.env.SENDMSG_ROUNDS ?? 100);
/** Nanoseconds from the order until both act, and by how much one of them may act later. */
const HEAD_START = 400_000;
const JITTER = 150_000;

let dist: string;
beforeAll(async () => {
  dist = await compiled();
});

const now = (): number => Number(process.hrtime.bigint());

function spinUntil(time: number): void {
  while (now() < time);
}

const REMOVES = `
    async function start() {
      try { unlinkSync(path); } catch {}
      const fd = socket(AF_UNIX, SOCK_STREAM);
      try { bind(fd, encodeAddress({ path })); listen(fd, 16); } catch (error) { close(fd); throw error; }
      return () => close(fd);
    }`;

/** How the other process starts its server. The first way, as most servers, does not know our locks. */
const STARTS = {
  "removes whatever is there, then binds": REMOVES,
  'listens with unlink "stale"': `
    async function start() {
      const listener = await Listener.listen({ path }, { unlink: "stale" });
      return () => listener.close();
    }`,
};

/** Starts another process. A line with a time makes it start its server then and print the result. Any other line ends it. */
function other(path: string, start: string): ChildProcess {
  const module = (file: string) => JSON.stringify(pathToFileURL(join(dist, file)).href);
  const source = `
    import { unlinkSync } from "node:fs";
    import { createInterface } from "node:readline";
    import { Listener } from ${module("index.js")};
    import { AF_UNIX, SOCK_STREAM } from ${module("constants/index.js")};
    import { bind, close, listen, socket } from ${module("syscalls/index.js")};
    import { encodeAddress } from ${module("address/index.js")};
    const path = ${JSON.stringify(path)};
    ${start}
    let end;
    console.log("ready");
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "end") {
        await end?.();
        end = undefined;
        console.log("ended");
        continue;
      }
      while (Number(process.hrtime.bigint()) < Number(line));
      try {
        end = await start();
        console.log("bound");
      } catch ({ code }) {
        console.log(code);
      }
    }`;
  return spawn(process.execPath, evaluate(source), { stdio: ["pipe", "pipe", "inherit"] });
}

/** The process that serves at the path. Undefined: there is none. */
async function serverAt(path: string): Promise<number | undefined> {
  try {
    const client = await Socket.connect({ path });
    try {
      return client.getPeerCredentials().pid;
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Lets other processes start servers while `act` runs here. Counts the rounds in which clients do not reach the right server.
 * A server that removes the existing file is the right one if it has bound. Otherwise only one server can have the path.
 */
async function race(
  starts: string[],
  { prepare, act }: { prepare: (path: string) => Promise<void>; act: (path: string) => Promise<unknown> },
): Promise<{ lost: number; leftovers: string[]; outcomes: Record<string, number> }> {
  const path = freshPath();
  const children = starts.map((start) => {
    const child = other(path, start);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    return {
      child,
      next: async () => (await lines.next()).value as string,
      tell: (line: string) => child.stdin!.write(`${line}\n`),
    };
  });
  const outcomes: Record<string, number> = {};
  let lost = 0;
  try {
    for (const { next } of children) expect(await next()).toBe("ready");
    for (let round = 0; round < ROUNDS; round++) {
      rmSync(path, { force: true });
      await prepare(path);
      const time = now() + HEAD_START;
      const later = () => time + Math.round(Math.random() * JITTER);
      for (const { tell } of children) tell(String(later()));
      spinUntil(later());
      const [mine, ...theirs] = await Promise.all([act(path), ...children.map(({ next }) => next())]);
      const bound = children.flatMap(({ child }, i) => (theirs[i] === "bound" ? [child.pid!] : []));
      if (mine === "bound") bound.push(process.pid);
      const remover = children[starts.indexOf(REMOVES)];
      const isRight =
        remover && bound.includes(remover.child.pid!) && children.length === 1
          ? (pid?: number) => pid === remover.child.pid
          : (pid?: number) => bound.includes(pid!) && (remover !== undefined || bound.length === 1);
      if (bound.length > 0 && !isRight(await serverAt(path))) lost++;
      const outcome = `${String(mine)}, ${theirs.join()}`;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      for (const { tell } of children) tell("end");
      for (const { next } of children) expect(await next()).toBe("ended");
      await settle();
    }
  } finally {
    for (const { child } of children) {
      child.stdin!.end();
      await once(child, "close");
    }
  }
  rmSync(path, { force: true });
  const leftovers = readdirSync(dirname(path)).filter((name) => name.startsWith(".sendmsg-"));
  if (process.env.SENDMSG_ROUNDS)
    console.log(ROUNDS, "rounds:", lost, "lost,", leftovers.length, "leftovers", outcomes);
  for (const name of leftovers) rmSync(join(dirname(path), name));
  return { lost, leftovers, outcomes };
}

let mine: Listener | undefined;
async function settle(): Promise<void> {
  await mine?.close();
  mine = undefined;
}

const closing = {
  prepare: async (path: string) => {
    mine = await Listener.listen({ path });
  },
  act: async () => {
    await settle();
    return "closed";
  },
};

const replacing = {
  prepare: async (path: string) => {
    const fd = socket(AF_UNIX, SOCK_STREAM);
    bind(fd, encodeAddress({ path }));
    close(fd);
  },
  act: async (path: string) => {
    try {
      mine = await Listener.listen({ path }, { unlink: "stale" });
      return "bound";
    } catch (error) {
      return (error as { code: string }).code;
    }
  },
};

const TIMEOUT = 60_000 + ROUNDS * 20;
const racing = skipUnless(
  "process.hrtime counts from the start of the process here, so two processes have no clock in common",
  !isBun && !isDeno,
);

describe.each(Object.entries(STARTS))("a server that %s", (_, start) => {
  racing(
    "keeps its path while ours closes",
    () =>
      counted(async () => {
        expect(await race([start], closing)).toMatchObject({ lost: 0, leftovers: [] });
      }),
    TIMEOUT,
  );

  racing(
    "keeps its path while ours replaces a stale file",
    () =>
      counted(async () => {
        const { lost, leftovers, outcomes } = await race([start], replacing);
        expect({ lost, leftovers }).toEqual({ lost: 0, leftovers: [] });
        // The only allowed failure is that the path is in use.
        expect(
          Object.keys(outcomes)
            .join()
            .replace(/bound|EADDRINUSE|[, ]/g, ""),
        ).toBe("");
      }),
    TIMEOUT,
  );
});

describe("two other servers, of which one keeps its path", () => {
  for (const [what, roles] of Object.entries({ closes: closing, "replaces a stale file": replacing })) {
    racing(
      `while ours ${what}`,
      () =>
        counted(async () => {
          expect(await race(Object.values(STARTS), roles)).toMatchObject({ lost: 0 });
        }),
      TIMEOUT,
    );
  }
});
