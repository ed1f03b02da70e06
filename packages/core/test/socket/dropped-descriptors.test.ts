import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

const TEXT =
  "A message brought descriptors, and the library closed them, because the program has not said how many it accepts. " +
  "To get them, give maxFds where the socket is made, or to recvmsg(): { maxFds: 1 }. " +
  "To drop them without this warning, give { maxFds: 0 }";

/** The warnings of a program, which has the functions pair() and exchange(). */
const warnings = (body: string): unknown =>
  JSON.parse(
    run(
      dist,
      `
      const warnings = [];
      process.removeAllListeners("warning");
      process.on("warning", ({ code, message }) => warnings.push([code, message]));
      const exchange = async ([a, b], options) => {
        keep(a, b);
        await a.sendmsg({ data: "x", fds: [0, 1] });
        const message = await b.recvmsg(options);
        message[Symbol.dispose]();
        return message.droppedFds;
      };
      const dropped = await (async () => { ${body} })();
      await new Promise(setImmediate);
      for (const end of globalThis.kept) end.close();
      console.log(JSON.stringify({ dropped, warnings }));`,
    ),
  );

const warned = { dropped: 2, warnings: [["SENDMSG_FDS_DROPPED", TEXT]] };
const silent = (dropped: number) => ({ dropped, warnings: [] });

describe("descriptors on a socket that never said maxFds", () => {
  it("are closed, with one warning in a process", () => {
    expect(
      warnings(`
        await exchange(lib.socketpair("seqpacket"));
        return await exchange(lib.socketpair());`),
    ).toEqual(warned);
  });

  it("warn on an accepted socket and on one that was taken over, too", () => {
    expect(
      warnings(`
        const listener = await lib.Listener.listen({ family: "unix" });
        keep(listener);
        const client = await lib.Socket.connect(listener.getsockname());
        return await exchange([client, await listener.accept()]);`),
    ).toEqual(warned);
    expect(
      warnings(`
        const [a, b] = lib.socketpair();
        return await exchange([a, lib.Socket.from(b.detach())]);`),
    ).toEqual(warned);
  });

  it("warn on a socket in memory, too", () => {
    const testing = pathToFileURL(join(dist, "testing/index.js")).href;
    expect(
      warnings(`
        const { memorySocketpair } = await import(${JSON.stringify(testing)});
        return await exchange(memorySocketpair());`),
    ).toEqual(warned);
  });
});

describe("no warning", () => {
  it("if the program said maxFds where it made the socket", () => {
    expect(warnings('return await exchange(lib.socketpair("stream", { maxFds: 0 }))')).toEqual(silent(2));
    expect(warnings('return await exchange(lib.socketpair("stream", { maxFds: 1 }))')).toEqual(silent(1));
  });

  it("if the program said maxFds at the receive", () => {
    expect(warnings("return await exchange(lib.socketpair(), { maxFds: 0 })")).toEqual(silent(2));
    expect(warnings("return await exchange(lib.socketpair(), { maxFds: 2 })")).toEqual(silent(0));
  });
});
