// What hostile peers and careless programs have done to batches.
import { afterEach, describe, expect, it } from "vitest";
import { Message, MessageBatch, Socket } from "../../src/index.js";
import { BatchSlots } from "../../src/socket/batch-slots.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { soon, unix } from "../support/sockets.js";

afterEach(closeAll);

const LOOPBACK = { address: "127.0.0.1", port: 0 };

/** Counts the turns of the event loop until `body` has settled. */
async function turnsDuring(body: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let going = true;
  const next = () => {
    turns++;
    if (going) setImmediate(next);
  };
  setImmediate(next);
  await body();
  going = false;
  return turns;
}

describe("the event loop gets its turn", () => {
  it("while a program sends an empty batch again and again", async () => {
    const [a] = unix("dgram");
    const batch = a.createBatch();
    const turns = await turnsDuring(async () => {
      for (let i = 0; i < 1000; i++) await a.sendBatch(batch);
    });
    expect(turns).toBeGreaterThan(3);
  });

  it.each([true, false])("while a long slot goes out in short segments, offload: %s", async (enabled) => {
    const receiver = own(await Socket.bind(LOOPBACK));
    const sender = own(await Socket.connect(receiver.getsockname(), { type: "dgram" }));
    sender.segmentation.enabled = enabled;
    const batch = sender.createBatch({ slots: 1, size: 1 << 20 });
    batch.push({ data: Buffer.alloc(1 << 20), segmentSize: 16 });
    const turns = await turnsDuring(async () => {
      while (batch.sent === 0) await sender.sendBatch(batch);
    });
    expect(turns).toBeGreaterThan(2);
  });
});

describe("a getter of the options that uses the batch", () => {
  it.each(["clear", "send"] as const)("%s: the call settles", async (trick) => {
    const [a] = unix("dgram");
    const batch = a.createBatch({ slots: 4, size: 16 });
    for (const data of ["1", "2", "3"]) batch.push({ data });
    const options = {
      get signal(): undefined {
        if (trick === "clear") batch.clear();
        else a.trySendBatch(batch);
        return undefined;
      },
    };
    expect(await a.sendBatch(batch, options as object)).toBe(0);
    expect(batch.sent).toBe(trick === "clear" ? 0 : 3);
  });
});

describe("errors", () => {
  it("of an earlier packet are reported, also if the next message has segments", async () => {
    const gone = await Socket.bind(LOOPBACK);
    const sender = own(await Socket.connect(gone.getsockname(), { type: "dgram" }));
    await gone.close();
    const batch = sender.createBatch({ slots: 1, size: 64 });
    const outcomes: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      if (batch.sent === batch.length) batch.push({ data: "aaaabbbb", segmentSize: 4 });
      outcomes.push(await sender.sendBatch(batch).catch((error: { code: string }) => error.code));
    }
    expect(outcomes).toContain("ECONNREFUSED");
  });

  it("an object that only looks like a batch is refused", async () => {
    const [a] = unix("dgram");
    const batch = a.createBatch();
    for (const forged of [Object.create(MessageBatch.prototype), new Proxy(batch, {}), {}, null, 5]) {
      const error = await rejection(a.sendBatch(forged as never));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", argument: "batch" });
    }
  });

  it("more control data than any kernel takes are refused, and the batch stays as it was", () => {
    const [a] = unix("dgram");
    const batch = a.createBatch({ slots: 4, size: 16 });
    batch.push({ data: "before" });
    const control = [{ name: "unknown" as const, level: 999, type: 1, data: Buffer.alloc(200_000) }];
    expect(thrown(() => batch.push({ data: "x", control }))).toMatchObject({
      code: "ERR_OUT_OF_RANGE",
      argument: "message.control",
    });
    expect(batch.length).toBe(1);
    expect(String(batch.data(0))).toBe("before");
    expect(a.trySendBatch(batch)).toBe(1);
  });
});

describe("what is received", () => {
  it("a message that a thread has received has its own sender's address, also as bytes", () => {
    const slots = new BatchSlots({ family: 1, type: 2, protocol: 0 }, 2, 16, 0);
    slots.hold(Message.from({ data: Buffer.from("x"), address: { family: "unix", path: "/bob" } }));
    expect(String(Buffer.from(slots.addressOf(0)!.subarray(2)))).toContain("/bob");
    slots.clear();
    slots.hold(Message.from({ data: Buffer.from("y") }));
    expect(slots.addressOf(0)).toBeUndefined();
  });

  it("the end of a connection is no message, and counts as none", async () => {
    const [a, b] = unix("seqpacket");
    const batch = b.createBatch({ slots: 2 });
    await a.sendmsg({ data: "x" });
    expect(await b.recvBatch(batch)).toBe(1);
    await a.close();
    expect(await b.recvBatch(batch)).toBe(0);
    expect(batch.counters).toEqual({ calls: 1, messages: 1, full: 0 });
  });

  it("an owned message shares its memory with nobody", async () => {
    const [a, b] = unix("dgram");
    await a.sendmsg({ data: "short" });
    const batch = b.createBatch();
    await b.recvBatch(batch);
    expect(batch.message(0).data.buffer.byteLength).toBe(5);
  });

  it.each(["break", "throw"] as const)(
    "the descriptors of the last batch are closed when the loop ends: %s",
    async (how) => {
      await counted(async () => {
        const [a, b] = unix("dgram");
        await a.sendmsg({ data: "x", fds: [0, 1, 2] });
        const loop = async () => {
          for await (const batch of b.batches({ maxFds: 3, signal: soon() })) {
            expect(batch.fds(0)).toHaveLength(3);
            if (how === "throw") throw new Error("enough");
            break;
          }
        };
        await loop().catch(() => {});
        await Promise.all([a.close(), b.close()]);
      });
    },
  );
});
