import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it, test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { compiled } from "../support/compiled.js";
import { evaluate, FILES } from "../support/evaluate.js";
import { freshPath } from "../support/fresh-places.js";
import { scaled } from "../support/scale.js";
import { skipUnless } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

const collected = (name: string, ...args: string[]) =>
  report("collected.mjs", { args: [name, ...args], nodeOptions: ["--expose-gc", "--no-warnings"] });

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

test("the descriptors of a collected message are closed, with a warning for each", async () => {
  expect(await collected("message")).toEqual({
    codes: new Array(3).fill("SENDMSG_FD_COLLECTED"),
    says: 'Descriptor N was closed by garbage collection: close it, take it or use "using"',
    leftOver: [],
  });
});

test("descriptors that are held, closed or detached are left alone, without a warning", async () => {
  expect(await collected("held")).toEqual({ warnings: 1, open: true, leftOver: [] });
});

test("forgotten sockets and listeners are closed, with a warning for each", async () => {
  expect(await collected("sockets")).toEqual({
    codes: ["SENDMSG_FD_COLLECTED"],
    warnings: 30,
    leftOver: [],
  });
});

test("sockets on which a receive waits are not closed", async () => {
  expect(await collected("waiting")).toEqual({ arrived: "x".repeat(10), warnings: 10, leftOver: [] });
});

/** The process may open fewer descriptors than arrive. V8 must collect the first one before 16 messages of 253 have come. */
const OPEN_FILES = 4096;
const ARRIVING = Math.max(253 * 20, scaled(253 * 80));

describe.each([1, 10, 100, 253])("descriptors that are never closed, %i with each message,", (each) => {
  skipUnless("Deno does not collect so many in time", each <= 10 || !isDeno)("do not pile up", async () => {
    const found = await report<{ arrived: number; highest: number }>("collected.mjs", {
      args: ["flood", String(ARRIVING), String(each)],
      nodeOptions: ["--no-warnings"],
      through: withOpenFiles(OPEN_FILES),
    });
    expect(found).toMatchObject({ collected: true });
    expect(found.arrived).toBeGreaterThanOrEqual(ARRIVING);
    expect(found.highest).toBeLessThan(OPEN_FILES);
  });
});

test("descriptors that are never closed do not pile up beside a large heap", async () => {
  const found = await report<{ highest: number }>("collected.mjs", {
    args: ["flood", String(ARRIVING), "253", String(Math.min(scaled(1000), 300))],
    nodeOptions: ["--no-warnings"],
    through: withOpenFiles(OPEN_FILES),
  });
  expect(found).toMatchObject({ collected: true });
  expect(found.highest).toBeLessThan(OPEN_FILES);
});

const tellsOfCollections = skipUnless("Bun and Deno do not tell of collections", !isBun && !isDeno);

tellsOfCollections(
  "20,000 descriptors that are closed at once cause no collection of the whole heap",
  async () => {
    const found = await report<{ collections: number }>("collected.mjs", { args: ["closed"] });
    // V8 collects for its own reasons, too.
    expect(found.collections).toBeLessThanOrEqual(2);
  },
);

tellsOfCollections(
  "8,000 descriptors that are kept cause a collection each time their number doubles",
  async () => {
    const found = await report<{ collections: number; open: boolean }>("collected.mjs", {
      args: ["kept"],
      through: withOpenFiles(10_000),
    });
    expect(found.open).toBe(true);
    expect(found.collections).toBeGreaterThanOrEqual(2);
    expect(found.collections).toBeLessThanOrEqual(6);
  },
);

describe("garbage collection", () => {
  /** Runs a module in a process of its own. Returns what it printed. */
  function run(source: string, env: Record<string, string> = {}): string {
    const child = spawnSync(process.execPath, evaluate(source, { gc: true }), {
      encoding: "utf8",
      env: { ...process.env, INDEX: pathToFileURL(join(dist, "index.js")).href, ...env },
    });
    expect(child.stderr).toBe("");
    expect(child.status).toBe(0);
    return child.stdout.trim();
  }

  const prelude = `
    import { readdirSync, readlinkSync } from "node:fs";
    import { closeSync, openSync } from ${FILES};
    import { setTimeout as pause } from "node:timers/promises";
    const { FileDescriptor, socketpair } = await import(process.env.INDEX);
    const warnings = [];
    process.removeAllListeners("warning");
    process.on("warning", ({ code, message }) => warnings.push([code, /^Descriptor \\d+ /.test(message)].join()));
    // Deno opens its sockets for signals some time after the start. This opens them now.
    if ("Deno" in globalThis) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");
    const count = () => readdirSync("/proc/self/fd").length;
    const collect = async (expected) => {
      for (let i = 0; i < 1000 && count() !== expected; i++) { globalThis.gc(); await pause(5); }
      if (count() !== expected) console.log("descriptors:", count(), "instead of", expected);
    };
  `;

  it("closes a forgotten FileDescriptor, and warns", () => {
    const output = run(`${prelude}
      const before = count();
      (() => { FileDescriptor.adopt(openSync("/proc/self/status", "r")); })();
      await collect(before);
      console.log(warnings.join(" "));`);
    expect(output).toBe("SENDMSG_FD_COLLECTED,true");
  });

  it("closes the descriptors of forgotten messages, and warns of each", () => {
    const output = run(`${prelude}
      const [a, b] = socketpair("seqpacket");
      await b.sendmsg({ data: "x" });
      await a.recvmsg();
      const before = count();
      for (let i = 0; i < 3; i++) {
        await a.sendmsg({ fds: [0, 1] });
        await b.recvmsg({ maxFds: 2 });
      }
      await collect(before);
      console.log(warnings.length, [...new Set(warnings)].join(" "));
      process.exit(0);`);
    expect(output).toBe("6 SENDMSG_FD_COLLECTED,true");
  });

  describe("of a batch", () => {
    const withBatches = `${prelude}
      import { existsSync } from "node:fs";
      const { Listener } = await import(process.env.INDEX);
      const says = [];
      process.on("warning", ({ message }) => says.push(message.replace(/\\d+/, "N")));
      const [a, b] = socketpair("dgram", { maxFds: 2 });
      globalThis.kept = [a, b];
      await b.sendmsg({ data: "x" });
      await a.recvmsg();
      const push = (batch, count, fds = [0, 1]) => {
        for (let i = 0; i < count; i++) batch.push({ data: "x", fds });
        return batch;
      };
      const drop = (use) => use(a.createBatch({ slots: 4, size: 16 }));
      const end = (result) => {
        console.log(JSON.stringify(result));
        process.exit(0);
      };
    `;
    // If too many descriptors stay open, the lines before the last one say so.
    const found = (source: string): unknown => JSON.parse(run(`${withBatches}${source}`).split("\n").at(-1)!);
    const WARNING =
      "A MessageBatch was closed by garbage collection, with descriptors that were not sent: send it, or call clear()";

    it("closes the descriptors that it was to send, and warns once", () => {
      const result = found(`
        const before = count();
        drop((batch) => void push(batch, 3));
        const held = count() - before;
        await collect(before);
        end({ held, says, left: count() - before });`);
      expect(result).toEqual({ held: 6, says: [WARNING], left: 0 });
    });

    it("warns once of a batch that was used again and again", () => {
      const result = found(`
        const before = count();
        const use = async (batch) => {
          for (let i = 0; i < 5; i++) {
            await a.sendBatch(push(batch, 2));
            batch.clear();
            push(batch, 1).skip();
            batch.clear();
            push(batch, 1).clear();
            for (let j = 0; j < 2; j++) (await b.recvmsg())[Symbol.dispose]();
          }
          push(batch, 2);
        };
        await drop(use);
        await collect(before);
        for (let i = 0; i < 5; i++) { globalThis.gc(); await pause(5); }
        end({ says, left: count() - before });`);
      expect(result).toEqual({ says: [WARNING], left: 0 });
    });

    it("closes the descriptors of an object that refers to the batch", () => {
      const result = found(`
        const before = count();
        drop((batch) => void push(batch, 1, [{ fd: 0, batch }]));
        await collect(before);
        end({ says, left: count() - before });`);
      expect(result).toEqual({ says: [WARNING], left: 0 });
    });

    it("does not warn if the descriptors were sent, skipped or cleared", () => {
      const result = found(`
        const before = count();
        drop((batch) => {
          push(batch, 2);
          a.trySendBatch(batch);
        });
        drop((batch) => void push(batch, 1).skip());
        drop((batch) => void push(batch, 1).clear());
        for (let i = 0; i < 2; i++) (await b.recvmsg())[Symbol.dispose]();
        // These warn. They are collected later.
        drop((batch) => void push(batch, 2));
        await collect(before);
        end({ says, left: count() - before });`);
      expect(result).toEqual({ says: [WARNING], left: 0 });
    });

    it("closes the descriptors that it has received, and warns of each", () => {
      const result = found(`
        const before = count();
        const receive = async (batch) => {
          for (let i = 0; i < 3; i++) await b.sendmsg({ data: "x", fds: [0, 1] });
          let length = 0;
          while (length < 3) length += await a.recvBatch(batch);
          return count() - before;
        };
        const held = await drop(receive);
        await collect(before);
        end({ held, says, left: count() - before });`);
      const each = 'Descriptor N was closed by garbage collection: close it, take it or use "using"';
      expect(result).toEqual({ held: 6, says: new Array(6).fill(each), left: 0 });
    });

    it("lets a bound socket that it was to send remove its file", () => {
      const path = freshPath();
      const result = found(`
        const path = ${JSON.stringify(path)};
        const listener = await Listener.listen({ path });
        const before = count();
        drop((batch) => void push(batch, 1, [listener]));
        const held = count() - before;
        await collect(before);
        const during = existsSync(path);
        await listener.close();
        end({ held, during, after: existsSync(path) });`);
      expect(result).toEqual({ held: 1, during: true, after: false });
    });
  });

  it("does not warn of a FileDescriptor that was closed, detached or handed over", () => {
    const output = run(`${prelude}
      const open = () => FileDescriptor.adopt(openSync("/proc/self/status", "r"));
      const before = count();
      (() => {
        open().close();
        open().detach();
        open().handOver(() => {});
        FileDescriptor.claim(open().transfer()).close();
      })();
      await collect(before + 2);
      for (let i = 0; i < 5; i++) { globalThis.gc(); await pause(5); }
      console.log(warnings.length);`);
    expect(output).toBe("0");
  });

  const inNode = skipUnless("Bun and Deno have no util.debuglog().enabled", !isBun && !isDeno);

  /** The details of the warnings, each with the function of the program that it names first. */
  const details = (debug: string): string =>
    run(
      `${prelude}
      process.stderr.write = () => true;
      const details = [];
      process.on("warning", ({ message, detail = "" }) => {
        const [, who = detail] = /^The program got it here:\\n[^]*?\\b(who\\w+)/.exec(detail) ?? [];
        details.push(/^A (\\w+)|Descriptor/.exec(message)[0] + ": " + who);
      });
      const { Listener, Socket } = await import(process.env.INDEX);
      const [a, b] = socketpair("seqpacket", { maxFds: 1 });
      globalThis.kept = [a, b];
      const whoReceives = async () => void (await b.recvmsg());
      const whoTries = () => void b.tryRecvmsg();
      const whoAdopts = () => void FileDescriptor.adopt(openSync("/dev/null", "r"));
      const whoAccepts = async (listener) => void (await listener.accept());
      const whoListens = async () => void (await Listener.listen({ family: "unix" }));
      const listener = await Listener.listen({ family: "unix" });
      await (async () => {
        const waiting = whoReceives();
        await a.sendmsg({ data: "x", fds: [0] });
        await waiting;
        await a.sendmsg({ data: "x", fds: [0] });
        whoTries();
        whoAdopts();
        await whoListens();
        const accepting = whoAccepts(listener);
        const client = await Socket.connect(listener.getsockname());
        await accepting;
        await client.close();
        // The library remembers what the last wait has brought, until the next one begins.
        const last = b.recvmsg();
        await a.sendmsg({ data: "x" });
        await last;
      })();
      await listener.close();
      for (let i = 0; i < 500 && details.length < 5; i++) { globalThis.gc(); await pause(5); }
      console.log(JSON.stringify(details.sort()));
      process.exit(0);`,
      { NODE_DEBUG: debug },
    );

  inNode("says where the program got a descriptor, with NODE_DEBUG=sendmsg", () => {
    expect(JSON.parse(details("sendmsg"))).toEqual([
      "A listener: whoListens",
      "A socket: whoAccepts",
      "Descriptor: whoAdopts",
      "Descriptor: whoReceives",
      "Descriptor: whoTries",
    ]);
  });

  inNode("says once how to find out, without it", () => {
    const hint = "Run with NODE_DEBUG=sendmsg to see where the program got it";
    const found = JSON.parse(details("")) as string[];
    expect(found).toHaveLength(5);
    expect(found.filter((detail) => detail.endsWith(hint))).toHaveLength(1);
    expect(found.join()).not.toContain("who");
  });

  it("leaves a number open that has another file by now", () => {
    const output = run(`${prelude}
      let number;
      (() => {
        const descriptor = FileDescriptor.adopt(openSync("/proc/self/status", "r"));
        number = descriptor.fd;
        closeSync(number);
        try { FileDescriptor.adopt(number); } catch {}
        if (openSync("/proc/uptime", "r") !== number) throw new Error("another number");
      })();
      for (let i = 0; i < 20; i++) { globalThis.gc(); await pause(5); }
      console.log(readlinkSync("/proc/self/fd/" + number).split("/").at(-1), warnings.length);`);
    expect(output).toBe("uptime 0");
  });

  it("does not wait for unclaimed tickets: the process ends", () => {
    expect(
      run(
        `${prelude} FileDescriptor.adopt(openSync("/proc/self/status", "r")).transfer(); console.log("end");`,
      ),
    ).toBe("end");
  });
});
