import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** Both ways to wait: libuv's loop, and the thread that other runtimes need. */
const WAYS = [
  ["loop", {}],
  ["thread", { SENDMSG_READINESS: "thread" }],
] as const;

describe.each(WAYS)("with the %s", (_, env) => {
  const output = (source: string): string => run(dist, source, { env });
  const withPair = (source: string): string =>
    output(`const [a, b] = lib.socketpair(); keep(a, b); ${source}`);

  /** Runs the module. The process must end by itself: `run` ends one that does not, and fails. */
  it("a process ends if nobody waits on its sockets", () => {
    expect(
      withPair(`
        const listener = await lib.Listener.listen({ family: "unix" });
        keep(listener);
        const waiting = b.recvmsg();
        await a.sendmsg({ data: "x" });
        await waiting;
        process.on("exit", () => console.log("end"));`),
    ).toBe("end");
  });

  it("an unref'd socket receives a message that has arrived", () => {
    expect(
      withPair(`
        for (let i = 0; i < 4; i++) {
          const message = b.recvmsg();
          await a.sendmsg({ data: "x" });
          await message;
        }
        b.unref();
        await a.sendmsg({ data: "there" });
        console.log(String((await b.recvmsg()).data));`),
    ).toBe("there");
  });

  it.each([
    ["a receive", "a.recvmsg()"],
    ["an accept", "listener.accept()"],
    ["a receive of errors", "udp.recvError()"],
    ["a send", "a.sendmsg({ data: Buffer.alloc(1 << 22) })"],
    ["a loop", "a.messages().next()"],
  ])("%s that waits keeps the process alive until the socket is unref'd", (_, wait) => {
    expect(
      withPair(`
        const listener = await lib.Listener.listen({ family: "unix" });
        keep(listener);
        const udp = await lib.Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
        keep(udp);
        ${wait}.then(() => console.log("settled"), () => {});
        let ended = false;
        process.on("exit", () => console.log("end"));
        // The timer does not keep the process alive: it can fire only if the wait does.
        setTimeout(() => {
          console.log("kept");
          for (const each of [a, listener, udp]) each.unref();
        }, 100).unref();`),
    ).toBe("kept\nend");
  });

  it("unref() before a wait lets the process end, and ref() during it keeps it alive", () => {
    expect(
      withPair(`
        console.log(a.unref() === a);
        a.recvmsg().catch(() => {});
        setTimeout(() => {
          a.ref();
          setTimeout(() => { console.log("kept"); a.close(); }, 50).unref();
        }, 10);
        process.on("exit", () => console.log("end"));`),
    ).toBe("true\nkept\nend");
  });

  it("an unref'd wait gets its message while something else keeps the process alive", () => {
    expect(
      withPair(`
        a.unref();
        const receiving = a.recvmsg();
        const other = setInterval(() => {}, 1000);
        setTimeout(() => b.sendmsg({ data: "x" }), 20);
        console.log(String((await receiving).data));
        clearInterval(other);`),
    ).toBe("x");
  });

  it("an aborted wait does not keep the process alive", () => {
    expect(
      withPair(`
        const controller = new AbortController();
        a.recvmsg({ signal: controller.signal }).catch(({ code }) => console.log(code));
        setTimeout(() => controller.abort(), 20);`),
    ).toBe("ABORT_ERR");
  });

  it("300 pairs of sockets answer each other at once", () => {
    expect(
      output(`
        const pairs = Array.from({ length: 300 }, () => lib.socketpair("seqpacket"));
        const echoes = pairs.map(async ([, b]) => { for await (const message of b) await b.sendmsg({ data: message.data }); });
        for (let round = 0; round < 5; round++) {
          const answers = pairs.map(async ([a], i) => { await a.sendmsg({ data: round + "." + i }); return String((await a.recvmsg()).data); });
          const wrong = (await Promise.all(answers)).filter((answer, i) => answer !== round + "." + i);
          if (wrong.length > 0) console.log("wrong", wrong);
        }
        await Promise.all(pairs.map(([a]) => a.close()));
        await Promise.all(echoes);
        await Promise.all(pairs.map(([, b]) => b.close()));
        console.log(binding().held());`),
    ).toBe("0");
  });

  it("an error in the code after one receive does not stop the others", () => {
    expect(
      withPair(`
        const [c, d] = lib.socketpair();
        keep(c, d);
        process.on("uncaughtException", ({ message }) => console.log("uncaught", message));
        process.on("unhandledRejection", ({ message }) => console.log("unhandled", message));
        a.recvmsg().then(() => { throw new Error("mine"); });
        const other = c.recvmsg();
        setTimeout(() => { b.sendmsg({ data: "x" }); d.sendmsg({ data: "y" }); }, 10);
        console.log(String((await other).data));`)
        .split("\n")
        .sort(),
    ).toEqual(["unhandled mine", "y"].sort());
  });

  it("an error in an event handler or a turn of the library does not stop the others", () => {
    expect(
      output(`
        const { watch } = await import(${JSON.stringify(pathToFileURL(join(dist, "socket/readiness.js")).href)});
        const { afterTurn } = await import(${JSON.stringify(pathToFileURL(join(dist, "socket/fairness.js")).href)});
        process.on("uncaughtException", ({ message }) => console.log("uncaught", message));
        const [a, b] = lib.socketpair();
        const [c, d] = lib.socketpair();
        keep(a, b, c, d);
        watch(a.fd, { onReady() { throw new Error("event"); } });
        const receiving = c.recvmsg();
        // Both sockets have their first event in the same batch.
        console.log(String((await Promise.all([receiving, d.sendmsg({ data: "x" })]))[0].data));
        await new Promise((resolve) => {
          afterTurn(() => { throw new Error("first"); });
          afterTurn(() => { throw new Error("second"); });
          afterTurn(resolve);
        });
        console.log("turn");`),
    ).toBe("uncaught event\nx\nuncaught first\nturn");
  });

  it("a worker's sockets end with the worker, and the main thread's go on", () => {
    const worker = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData).then(async ({ socketpair }) => {
        const [a, b] = socketpair();
        globalThis.kept = [a, b];
        const receiving = b.recvmsg();
        setTimeout(() => a.sendmsg({ data: "in the worker" }), 10);
        parentPort.postMessage(String((await receiving).data));
      });`;
    expect(
      output(`
        import { Worker } from "node:worker_threads";
        const workerData = ${JSON.stringify(pathToFileURL(join(dist, "index.js")).href)};
        const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], workerData });
        worker.on("message", (text) => console.log(text));
        const [a, b] = lib.socketpair();
        keep(a, b);
        const receiving = b.recvmsg();
        await new Promise((resolve) => worker.on("exit", resolve));
        await a.sendmsg({ data: "here" });
        console.log(String((await receiving).data));`),
    ).toBe("in the worker\nhere");
  });
});
