// Programs of other languages get an end of socketpairForChild(): as descriptor 3, and as stdin and stdout.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Socket, socketpair, socketpairForChild } from "../../src/index.js";
import { isDeno } from "../../src/runtime.js";
import { content } from "../support/content.js";
import { counted } from "../support/counted.js";
import { closeSync } from "../support/files.mjs";
import { openFile } from "../support/owned-descriptors.js";
import { skipUnless } from "../support/skip-unless.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { firstOf, LIMIT, pathOf } from "./program.js";
import { requireProgram } from "./required.js";

const python = firstOf("/usr/bin/python3") ?? "python3";
const perl = firstOf("/usr/bin/perl") ?? "perl";

const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

interface Language {
  command: () => string[];
  test: typeof test | typeof test.skip;
}

const LANGUAGES: Record<string, Language> = {
  Node: { command: () => [process.execPath, pathOf("child.mjs")], test },
  Python: {
    command: () => [python, pathOf("child.py")],
    test: requireProgram(
      "needs Python 3.9 or newer (Debian: python3)",
      works(python, "-c", "import socket; socket.send_fds, socket.recv_fds"),
    ),
  },
  Perl: {
    command: () => [perl, pathOf("child.pl")],
    test: requireProgram(
      "needs Perl's Socket::MsgHdr (Debian: libsocket-msghdr-perl)",
      works(perl, "-MSocket::MsgHdr", "-e", ""),
    ),
  },
  Ruby: {
    command: () => ["ruby", pathOf("child.rb")],
    test: skipUnless("there is no ruby here", works("ruby", "-e", 'require "socket"')),
  },
  Go: {
    command: () => [compiledGo()],
    test: skipUnless("there is no go here", works("go", "version")),
  },
};

let goProgram: string | undefined;

/** "go run" gives its program no descriptor beyond 2. */
function compiledGo(): string {
  if (goProgram === undefined) {
    const path = join(temporaryDirectory(), "child");
    const { status, stderr } = spawnSync("go", ["build", "-o", path, pathOf("child.go")], {
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    goProgram = path;
  }
  return goProgram;
}

const PLACES = {
  "descriptor 3": { numbers: ["3", "3"], stdio: (fd: number) => ["ignore", "ignore", "pipe", fd] as const },
  "stdin and stdout": { numbers: ["0", "1"], stdio: (fd: number) => [fd, fd, "pipe"] as const },
};

interface Child {
  process: ChildProcess;
  /** How it ended, and what it wrote to stderr. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

function startWith(command: readonly string[], stdio: readonly ("ignore" | "pipe" | number)[]): Child {
  const child = spawn(command[0]!, command.slice(1), { stdio: [...stdio] });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const killer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
  const ended = once(child, "close").then(([code, signal]) => {
    clearTimeout(killer);
    return { code, signal, stderr };
  });
  return { process: child, ended };
}

/**
 * Calls `use` with our end and the child. Another process, which was started while this process had both ends, is alive meanwhile. If
 * it held a duplicate, neither end would notice that the other one is gone.
 */
function withChild(
  command: readonly string[],
  place: keyof typeof PLACES,
  use: (socket: Socket, child: Child) => Promise<void>,
): Promise<void> {
  return counted(async () => {
    const [socket, end] = socketpairForChild("stream", { maxFds: 1 });
    const bystander = startWith(["sleep", "1000"], ["ignore", "ignore", "pipe"]);
    const child = startWith(command, PLACES[place].stdio(end.fd));
    end.close();
    try {
      await use(socket, child);
      await child.ended;
    } finally {
      await socket.close();
      child.process.kill("SIGKILL");
      bystander.process.kill("SIGKILL");
      await Promise.allSettled([child.ended, bystander.ended]);
    }
  });
}

/** Receives a message. Fails with what the child wrote to stderr if the child has ended. */
async function answer(socket: Socket, child: Child): Promise<{ data: string; said: string[] }> {
  const message = await socket.recvmsg();
  if (message.eof) throw new Error(`The child has ended: ${JSON.stringify(await child.ended)}`);
  const said = message.fds.map(({ fd }) => content(fd));
  message[Symbol.dispose]();
  return { data: String(message.data), said };
}

const timeout = LIMIT + 10_000;

for (const place of Object.keys(PLACES) as (keyof typeof PLACES)[]) {
  describe(`a socket as ${place}`, { timeout }, () => {
    for (const [name, { command, test: withLanguage }] of Object.entries(LANGUAGES)) {
      const { numbers } = PLACES[place];

      withLanguage(
        `${name} exchanges messages with descriptors, and each sees that the other is gone`,
        async () => {
          const file = join(temporaryDirectory(), "file");
          writeFileSync(file, "from the child");
          const full = [...command(), ...numbers, file];
          const exchange = async (socket: Socket, child: Child) => {
            for (const text of ["first", "second"]) {
              const ours = openFile(text);
              await socket.sendmsg({ data: "take this", fds: [ours] });
              closeSync(ours);
              expect(await answer(socket, child)).toEqual({
                data: `read: ${text}`,
                said: ["from the child"],
              });
            }
          };
          await withChild(full, place, async (socket, child) => {
            await exchange(socket, child);
            await socket.sendmsg({ data: "leave" });
            expect((await socket.recvmsg()).eof).toBe(true);
            expect(await child.ended).toEqual({ code: 0, signal: null, stderr: "" });
          });
          await withChild(full, place, async (socket, child) => {
            await exchange(socket, child);
            await socket.close();
            expect(await child.ended).toEqual({ code: 3, signal: null, stderr: "" });
          });
        },
      );
    }

    test("cat echoes, and ends after shutdown()", () => {
      const command = place === "descriptor 3" ? ["sh", "-c", "exec cat <&3 >&3"] : ["cat"];
      return withChild(command, place, async (socket, child) => {
        await socket.sendmsg({ data: "echo" });
        expect(await answer(socket, child)).toEqual({ data: "echo", said: [] });
        await socket.shutdown("write");
        expect((await socket.recvmsg()).eof).toBe(true);
        expect(await child.ended).toEqual({ code: 0, signal: null, stderr: "" });
      });
    });

    test("a shell reads and writes lines, and sees the end", () => {
      const [from, to] = place === "descriptor 3" ? ["<&3", ">&3"] : ["", ""];
      const script = `while read -r line ${from}; do echo "got $line" ${to}; done; exit 3`;
      return withChild(["sh", "-c", script], place, async (socket, child) => {
        for (const line of ["one", "two"]) {
          await socket.sendmsg({ data: `${line}\n` });
          expect(await answer(socket, child)).toEqual({ data: `got ${line}\n`, said: [] });
        }
        await socket.close();
        expect(await child.ended).toEqual({ code: 3, signal: null, stderr: "" });
      });
    });

    test("we see the end if the child is killed", () =>
      withChild(["sleep", "1000"], place, async (socket, child) => {
        const message = socket.recvmsg();
        child.process.kill("SIGKILL");
        expect((await message).eof).toBe(true);
      }));
  });
}

describe("an end of socketpair()", { timeout }, () => {
  const cat = ["sh", "-c", "exec cat <&3 >&3"];

  test("does for cat after detach({ blocking: true })", () =>
    counted(async () => {
      const [socket, other] = socketpair();
      const end = other.detach({ blocking: true });
      const child = startWith(cat, ["ignore", "ignore", "pipe", end.fd]);
      end.close();
      await socket.sendmsg({ data: "echo" });
      expect(await answer(socket, child)).toEqual({ data: "echo", said: [] });
      await socket.shutdown("write");
      expect(await child.ended).toEqual({ code: 0, signal: null, stderr: "" });
      await socket.close();
    }));

  skipUnless("Deno makes the descriptors blocking that a child gets", !isDeno)(
    "does not do after detach(), because it does not block",
    () =>
      counted(async () => {
        const [socket, other] = socketpair();
        const end = other.detach();
        const child = startWith(cat, ["ignore", "ignore", "pipe", end.fd]);
        end.close();
        const { code, stderr } = await child.ended;
        expect(code).toBe(1);
        expect(stderr).toContain("Resource temporarily unavailable");
        expect((await socket.recvmsg()).eof).toBe(true);
        await socket.close();
      }),
  );
});

test("if the program can't be executed, we see the end as soon as our copy is closed", () =>
  counted(async () => {
    const [socket, end] = socketpairForChild();
    const child = spawn("/nonexistent/program", { stdio: ["ignore", "ignore", "ignore", end.fd] });
    const failed = once(child, "error");
    end.close();
    expect((await socket.recvmsg()).eof).toBe(true);
    expect((await failed)[0]).toMatchObject({ code: "ENOENT", syscall: "spawn /nonexistent/program" });
    await socket.close();
  }));
