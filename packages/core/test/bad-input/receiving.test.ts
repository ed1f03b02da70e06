import { describe, expect, it } from "vitest";
import { MSG_ERRQUEUE, MSG_TRUNC } from "../../src/constants/index.js";
import { Listener } from "../../src/index.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { detached, kindOf, RANGE, type Raw, TYPE, VALUE } from "./refusal.js";

describe("recvmsg refuses", () => {
  const options: [what: string, options: () => unknown, code: string, argument: string][] = [
    ["null", () => null, TYPE, "options"],
    ["a number", () => 5, TYPE, "options"],
    ["maxFds as text", () => ({ maxFds: "1" }), TYPE, "options.maxFds"],
    ["maxFds below 0", () => ({ maxFds: -1 }), RANGE, "options.maxFds"],
    ["maxFds of 254", () => ({ maxFds: 254 }), RANGE, "options.maxFds"],
    ["maxFds that is no integer", () => ({ maxFds: 0.5 }), RANGE, "options.maxFds"],
    ["a size of 0", () => ({ size: 0 }), RANGE, "options.size"],
    ["a size below 0", () => ({ size: -1 }), RANGE, "options.size"],
    ["a size as text", () => ({ size: "1" }), TYPE, "options.size"],
    ["a size beyond an int", () => ({ size: 2 ** 31 }), RANGE, "options.size"],
    ["text as a buffer", () => ({ buffers: "x" }), TYPE, "options.buffers"],
    ["text in the list of buffers", () => ({ buffers: [Buffer.alloc(1), "x"] }), TYPE, "options.buffers[1]"],
    ["no buffer", () => ({ buffers: [] }), VALUE, "options.buffers"],
    ["a buffer without room", () => ({ buffers: Buffer.alloc(0) }), VALUE, "options.buffers"],
    [
      "1025 buffers",
      () => ({ buffers: new Array(1025).fill(Buffer.alloc(1)) }),
      RANGE,
      "options.buffers.length",
    ],
    ["a detached buffer", () => ({ buffers: [Buffer.alloc(1), detached()] }), VALUE, "options.buffers[1]"],
    ["a size and buffers", () => ({ buffers: Buffer.alloc(1), size: 1 }), VALUE, "options.size"],
    ["flags as text", () => ({ flags: "MSG_PEEK" }), TYPE, "options.flags"],
    ["the error queue", () => ({ flags: MSG_ERRQUEUE }), VALUE, "options.flags"],
    ["MSG_TRUNC on a stream", () => ({ flags: MSG_TRUNC }), VALUE, "options.flags"],
    ["a signal that is none", () => ({ signal: {} }), TYPE, "options.signal"],
    ["null as a signal", () => ({ signal: null }), TYPE, "options.signal"],
  ];

  it.each(options)("%s", (_, make, code, argument) =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "not consumed", fds: [0] });
      for (const error of [
        await rejection(b.recvmsg(make() as Raw)),
        thrown(() => b.tryRecvmsg(make() as Raw)),
      ]) {
        expect(error).toMatchObject({ code, argument });
        expect(error).toBeInstanceOf(kindOf(code));
      }
      using message = await b.recvmsg({ maxFds: 1 });
      expect([String(message.data), message.fds.length]).toEqual(["not consumed", 1]);
    }),
  );

  it.each([null, 5, [], "x"])("%o as options", (options) =>
    withPair("stream", async (a, b) => {
      const given = options as never;
      await using listener = await Listener.listen({ family: "unix" });
      for (const error of [
        await rejection(b.recvError(given)),
        await rejection(b.errors(given).next()),
        await rejection(b.messages(given).next()),
        await rejection(b.connect({ family: "unix", abstract: "x" }, given)),
        await rejection(a.sendmsg({ data: "x" }, given)),
        await rejection(listener.accept(given)),
        await rejection(listener.connections(given).next()),
      ]) {
        expect(error).toMatchObject({ code: TYPE, argument: "options" });
      }
    }),
  );

  it("an object that is no signal in recvError()", () =>
    withPair("stream", async (_, b) => {
      expect(await rejection(b.recvError({ signal: {} as AbortSignal }))).toMatchObject({
        code: TYPE,
        argument: "options.signal",
      });
    }));
});
