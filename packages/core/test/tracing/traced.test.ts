// NODE_DEBUG=sendmsg, in a process of its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { compiled } from "../support/compiled.js";
import { evaluate } from "../support/evaluate.js";
import { skipUnless } from "../support/skip-unless.js";

const inNode = skipUnless("Bun and Deno have no util.debuglog().enabled", !isBun && !isDeno);

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** The lines that a program's trace has, and what the program prints. `lib` and `sys` are the entry points. */
function trace(program: string, debug = "sendmsg"): { lines: string[]; output: string; pid: number } {
  const module = (name: string) => JSON.stringify(pathToFileURL(join(dist, name)).href);
  const source = `
    import * as lib from ${module("index.js")};
    import * as sys from ${module("syscalls/index.js")};
    import * as constants from ${module("constants/index.js")};
    ${program}`;
  const child = spawnSync(process.execPath, evaluate(source), {
    encoding: "utf8",
    env: { ...process.env, NODE_DEBUG: debug, NO_COLOR: "1" },
  });
  expect([child.signal, child.status, child.error]).toEqual([null, 0, undefined]);
  const lines = child.stderr.split("\n").filter((line) => line !== "");
  const prefix = `SENDMSG ${child.pid}: `;
  for (const line of lines) expect(line.slice(0, prefix.length)).toBe(prefix);
  return {
    lines: lines.map((line) => line.slice(prefix.length)),
    output: child.stdout.trim(),
    pid: child.pid,
  };
}

describe("NODE_DEBUG=sendmsg", () => {
  inNode("prints the calls of a socket", () => {
    const { lines, output } = trace(`
      const [a, b] = lib.socketpair("stream", { maxFds: 1 });
      console.log(a.fd, b.fd);
      const waiting = b.recvmsg();
      await a.sendmsg({ data: "hello", fds: [0] });
      const message = await waiting;
      console.log(message.fds[0].fd);
      message[Symbol.dispose]();
      await Promise.all([a.close(), b.close()]);
    `);
    const [a, b, file] = output.split(/\s/);
    const shown = lines.map((line) => {
      const numbers = { A: a, B: b, FILE: file };
      return Object.entries(numbers).reduce(
        (text, [name, fd]) => text.replace(new RegExp(`(?<=[([ ])${fd}(?=[,\\])])`, "g"), name),
        line,
      );
    });
    expect(shown).toEqual(
      expect.arrayContaining([
        "socketpair(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0, [A, B]) = 0",
        "recvmsg(B, {data: room for 65536 bytes}, MSG_DONTWAIT|MSG_CMSG_CLOEXEC) = -1 EAGAIN",
        'sendmsg(A, {data: 5 bytes "hello", fds: [0]}, MSG_DONTWAIT|MSG_NOSIGNAL) = 5',
        'recvmsg(B, {data: 5 bytes "hello", fds: [FILE]}, MSG_DONTWAIT|MSG_CMSG_CLOEXEC) = 5',
        "close(FILE) <unfinished ...>",
        "close(A) <unfinished ...>",
        "<... close(A) resumed>",
        "<... close(B) resumed>",
      ]),
    );
  });

  inNode("prints the calls of sendmsg/syscalls", () => {
    const { lines, output } = trace(`
      const [a, b] = sys.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
      sys.sendmsg(a, ["he", "llo"]);
      const { bytes } = sys.recvmsg(b, Buffer.alloc(10));
      console.log(a, b, bytes);
    `);
    const [a, b, bytes] = output.split(" ");
    expect(bytes).toBe("5");
    expect(lines).toEqual([
      `socketpair(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0, [${a}, ${b}]) = 0`,
      `sendmsg(${a}, {data: 5 bytes "hello"}, 0) = 5`,
      `recvmsg(${b}, {data: 5 bytes "hello"}, MSG_CMSG_CLOEXEC) = 5`,
    ]);
  });

  inNode("prints a call of a thread when it starts and when it ends", () => {
    const { lines, output } = trace(`
      const first = await lib.Listener.listen({ family: "unix" });
      const listener = lib.Listener.from(first.detach());
      const accepting = listener.accept();
      const client = await lib.Socket.connect(listener.getsockname());
      const server = await accepting;
      console.log(listener.fd, server.fd);
      for (const each of [listener, client, server]) each.close();
    `);
    const [listener, server] = output.split(" ");
    expect(lines).toContain(`accept4(${listener}, SOCK_NONBLOCK|SOCK_CLOEXEC) <unfinished ...>`);
    expect(lines).toContain(`<... accept4(${listener}) resumed> = ${server}`);
  });

  inNode("prints in a worker thread, too", () => {
    const { lines } = trace(
      `
      import { Worker } from "node:worker_threads";
      const [a] = lib.socketpair();
      const worker = new Worker(
        "import(" + JSON.stringify(${JSON.stringify("DIST")}) + ").then(({ socketpair }) => socketpair())",
        { eval: true },
      );
      await new Promise((resolve) => worker.on("exit", resolve));
    `.replace("DIST", pathToFileURL(join(dist, "index.js")).href),
    );
    expect(lines.filter((line) => line.startsWith("socketpair("))).toHaveLength(2);
  });

  inNode("does not disturb a program that uses sockets while it prints to stderr", () => {
    const { output } = trace(`
      const [a, b] = lib.socketpair("seqpacket", { maxFds: 1 });
      const [c, d] = lib.socketpair("seqpacket", { maxFds: 1 });
      process.stderr.write = () => {
        try { c.trySendmsg({ data: "log" }); d.tryRecvmsg(); } catch (error) { if (error.code !== "ERR_SENDMSG_CLOSED") throw error; }
        return true;
      };
      for (let i = 0; i < 3; i++) {
        a.trySendmsg({ data: "message " + i, fds: [0] });
        const message = b.tryRecvmsg();
        console.log(String(message.data), message.fds.length);
        message[Symbol.dispose]();
      }
      for (const each of [a, b, c, d]) each.close();
    `);
    expect(output.split("\n")).toEqual(["message 0 1", "message 1 1", "message 2 1"]);
  });

  it.each(["", "net,http"])("does nothing if NODE_DEBUG is %j", (debug) => {
    const { lines } = isBun || isDeno ? { lines: [] } : trace("lib.socketpair();", debug);
    expect(lines).toEqual([]);
  });
});
