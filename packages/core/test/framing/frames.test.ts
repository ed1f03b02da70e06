import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Descriptor,
  type FrameOptions,
  frames,
  type MessageSocket,
  StreamReader,
} from "../../src/index.js";
import { memorySocketpair } from "../../src/testing/index.js";
import { rejection } from "../support/outcome.js";
import { numRuns, timeout } from "../support/property.js";
import { countNativeCalls, kernel, memory } from "../testing/both-transports.js";

countNativeCalls();

/** A frame: 4 bytes of length, 1 byte for the number of descriptors, the body. */
const FORMAT = {
  headerSize: 5,
  length: (header: Buffer) => header.readUInt32BE(0),
  fds: (header: Buffer) => header[4]!,
} satisfies FrameOptions;

function encoded(body: string, fds = 0): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.length);
  header[4] = fds;
  return Buffer.concat([header, Buffer.from(body)]);
}

/** A frame without descriptors: 4 bytes of length, the body. */
function plain(body: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, Buffer.from(body)]);
}

/** The bodies of all frames, and how many descriptors each has. */
async function all(
  source: MessageSocket | StreamReader<Descriptor>,
  options: FrameOptions = FORMAT,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { body, fds } of frames(source, options)) {
    found.push(fds.length > 0 ? `${body}+${fds.length}` : `${body}`);
  }
  return found;
}

/** The error that ends a loop. */
async function ending(source: MessageSocket, options?: FrameOptions): Promise<Error> {
  return rejection(all(source, options));
}

describe.each([kernel, memory])("frames() on $name sockets", ({ name, withPair, openFile }) => {
  it("finds frames behind 4 bytes of length, if nothing else is said", () =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: [plain("one"), plain(""), plain("three")] });
      await a.close();
      const found: string[] = [];
      for await (const { header, body, fds } of frames(b))
        found.push(`${header.length} ${body} ${fds.length}`);
      expect(found).toEqual(["4 one 0", "4  0", "4 three 0"]);
    }));

  it.each([1, 2, 3, 6])("reads a length of %i bytes", (headerSize) =>
    withPair("stream", async (a, b) => {
      const header = Buffer.alloc(headerSize);
      header.writeUIntBE(2, 0, headerSize);
      await a.sendmsg({ data: [header, "ab"] });
      await a.close();
      expect(await all(b, { headerSize })).toEqual(["ab"]);
    }),
  );

  const stream = [
    { bytes: encoded("ab", 1), fds: 1 },
    { bytes: encoded(""), fds: 0 },
    { bytes: encoded("c", 2), fds: 2 },
    { bytes: encoded("defg"), fds: 0 },
  ];
  const bytes = Buffer.concat(stream.map((frame) => frame.bytes));
  /** How many descriptors go with each byte. */
  const fdsAt = new Map<number, number>();
  let place = 0;
  for (const frame of stream) {
    fdsAt.set(place, frame.fds);
    place += frame.bytes.length;
  }

  it(`finds the same frames wherever the stream is cut in three`, () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const expected = ["ab+1", "", "c+2", "defg"];
      const reader = new StreamReader(b, { maxFds: 3 });
      for (let first = 1; first < bytes.length; first++) {
        for (let second = first; second < bytes.length; second++) {
          const sending = (async () => {
            for (const [start, end] of [
              [0, first],
              [first, second],
              [second, bytes.length],
            ] as const) {
              let count = 0;
              for (let i = start; i < end; i++) count += fdsAt.get(i) ?? 0;
              await a.sendmsg({
                data: bytes.subarray(start, end),
                fds: Array.from({ length: count }, () => file.sendable),
              });
            }
          })();
          const found: string[] = [];
          for await (const { body, fds } of frames(reader, FORMAT)) {
            found.push(fds.length > 0 ? `${body}+${fds.length}` : `${body}`);
            if (found.length === expected.length) break;
          }
          expect(found, `cut at ${first} and ${second}`).toEqual(expected);
          await sending;
          expect({ length: reader.length, fdCount: reader.fdCount }).toEqual({ length: 0, fdCount: 0 });
        }
      }
      file.close();
    }));

  it("finds frames that come one byte at a time", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const found = all(b, { ...FORMAT, maxFds: 2 });
      for (let i = 0; i < bytes.length; i++) {
        const fds = Array.from({ length: fdsAt.get(i) ?? 0 }, () => file.sendable);
        await a.sendmsg({ data: bytes.subarray(i, i + 1), fds });
      }
      await a.close();
      expect(await found).toEqual(["ab+1", "", "c+2", "defg"]);
      file.close();
    }));

  const frame = fc.record({
    body: fc.oneof(fc.nat(20), fc.nat(2000), fc.nat(150_000)),
    fds: fc.oneof(fc.constant(0), fc.nat(3)),
  });
  const run = fc.record({
    sent: fc.array(frame, { maxLength: 6 }),
    cuts: fc.array(fc.oneof(fc.nat(50), fc.nat(200_000)), { maxLength: 20 }),
  });

  it("finds random frames, randomly cut, and each frame's own descriptors", { timeout }, () =>
    withPair("stream", async (a, b) => {
      const files = Array.from({ length: 5 }, openFile);
      const reader = new StreamReader(b, { maxFds: "all" });
      await fc.assert(
        fc.asyncProperty(run, async ({ sent, cuts }) => {
          let file = 0;
          const starts = new Map<number, number[]>();
          const pieces: Buffer[] = [];
          const expected: { body: string; files: number[] }[] = [];
          let at = 0;
          for (const [i, { body, fds }] of sent.entries()) {
            const text = String.fromCharCode(97 + i).repeat(body);
            const own = Array.from({ length: fds }, () => file++ % files.length);
            starts.set(at, own);
            pieces.push(encoded(text, fds));
            expected.push({ body: text, files: own });
            at += pieces[i]!.length;
          }
          const whole = Buffer.concat(pieces);
          const sending = (async () => {
            const ends = [...cuts.filter((cut) => cut < whole.length), whole.length].sort((x, y) => x - y);
            let start = 0;
            for (const end of ends) {
              const own = [...starts]
                .filter(([each]) => each >= start && each < end)
                .flatMap(([, list]) => list);
              if (end > start) {
                await a.sendmsg({
                  data: whole.subarray(start, end),
                  fds: own.map((i) => files[i]!.sendable),
                });
              }
              start = end;
            }
          })();
          if (expected.length > 0) {
            let i = 0;
            for await (const { body, fds } of frames(reader, { ...FORMAT, maxLength: 150_000 })) {
              const { body: text, files: own } = expected[i++]!;
              expect(String(body) === text).toBe(true);
              expect(fds.map((fd, k) => files[own[k]!]!.isBehind(fd))).toEqual(own.map(() => true));
              if (i === expected.length) break;
            }
          }
          await sending;
          expect({ length: reader.length, fdCount: reader.fdCount }).toEqual({ length: 0, fdCount: 0 });
        }),
        { numRuns: Math.min(numRuns, name === kernel.name ? 150 : 300) },
      );
      for (const each of files) each.close();
    }),
  );

  it("closes the descriptors that the loop has not taken: when it goes on, breaks, throws or ends", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const send = (body: string) =>
        a.sendmsg({ data: encoded(body, 2), fds: [file.sendable, file.sendable] });
      const reader = new StreamReader(b, { maxFds: 2 });
      const seen: Descriptor[] = [];
      for (const body of ["one", "two", "three"]) await send(body);
      for await (const frame of frames(reader, FORMAT)) {
        expect(seen.map(({ fd }) => fd)).toEqual(seen.map(() => -1));
        seen.push(...frame.fds);
        if (String(frame.body) === "two") break;
      }
      const loop = (async () => {
        for await (const frame of frames(reader, FORMAT)) {
          seen.push(...frame.fds);
          throw new Error("the loop's own");
        }
      })();
      expect((await rejection(loop)).message).toBe("the loop's own");
      await send("four");
      await a.close();
      const kept: Descriptor[] = [];
      for await (const frame of frames(reader, FORMAT)) {
        kept.push(...frame.takeFds());
        expect(frame.fds).toEqual([]);
      }
      expect(seen.map(({ fd }) => fd)).toEqual([-1, -1, -1, -1, -1, -1]);
      expect(kept.map((fd) => file.isBehind(fd))).toEqual([true, true]);
      for (const each of [...kept, file]) each.close();
    }));

  it("closes what came behind the last frame if the loop leaves a socket", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      await a.sendmsg({ data: [encoded("one"), encoded("two", 1)], fds: [file.sendable] });
      file.close();
      for await (const { body } of frames(b, { ...FORMAT, maxFds: 1 })) {
        expect(String(body)).toBe("one");
        break;
      }
    }));

  it("leaves what came behind the last frame in the reader", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      await a.sendmsg({ data: ["hello\n", encoded("one"), encoded("two"), "then something else"] });
      await reader.need(6);
      expect(String(reader.take(6))).toBe("hello\n");
      for await (const { body } of frames(reader, FORMAT)) if (String(body) === "two") break;
      expect(String(reader.detach().data)).toBe("then something else");
    }));

  it("leaves a frame that is not whole in the reader if the signal ends the loop", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, { maxFds: 1 });
      const whole = encoded("body", 1);
      await a.sendmsg({ data: whole.subarray(0, 7), fds: [file.sendable] });
      file.close();
      const aborting = new AbortController();
      const loop = rejection(all(reader, { ...FORMAT, signal: aborting.signal }));
      while (reader.length < 7) await new Promise(setImmediate);
      aborting.abort();
      expect((await loop).code).toBe("ABORT_ERR");
      expect({ length: reader.length, fdCount: reader.fdCount }).toEqual({ length: 7, fdCount: 1 });
      await a.sendmsg({ data: whole.subarray(7) });
      await a.close();
      expect(await all(reader)).toEqual(["body+1"]);
    }));

  it.each([
    [2, "The stream ended after 2 of 5 bytes"],
    [7, "The stream ended after 7 of 9 bytes"],
  ])("says so if the peer goes within a frame: after %i bytes", (length, message) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      await a.sendmsg({ data: encoded("body", 1).subarray(0, length), fds: [file.sendable] });
      file.close();
      await a.close();
      expect(await ending(b, { ...FORMAT, maxFds: 1 })).toMatchObject({
        code: "ERR_SENDMSG_STREAM_ENDED",
        message,
      });
    }),
  );

  it("ends when the socket or the reader is closed", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      const loop = all(reader);
      await a.sendmsg({ data: encoded("one") });
      await new Promise(setImmediate);
      reader.close();
      await loop;
      const other = all(b);
      await a.sendmsg({ data: encoded("two").subarray(0, 3) });
      await new Promise(setImmediate);
      await b.close();
      expect(await other).toEqual([]);
    }));

  it.each([
    [
      4_294_967_295,
      "ERR_SENDMSG_TOO_LONG",
      "The body of a frame has 4294967295 bytes, and maxLength is 1048576",
    ],
    [
      Number.NaN,
      "ERR_OUT_OF_RANGE",
      'The value of "options.length(header)" is out of range. It must be an integer. Received NaN',
    ],
    [
      -1,
      "ERR_OUT_OF_RANGE",
      'The value of "options.length(header)" is out of range. It must be >= 0 && <= 9007199254740991. Received -1',
    ],
    [
      Number.POSITIVE_INFINITY,
      "ERR_OUT_OF_RANGE",
      'The value of "options.length(header)" is out of range. It must be an integer. Received Infinity',
    ],
    [1e300, "ERR_OUT_OF_RANGE", expect.stringContaining("Received 1e+300")],
    [
      5n,
      "ERR_INVALID_ARG_TYPE",
      expect.stringContaining("must be of type number. Received type bigint (5n)"),
    ],
  ])("accepts no length of %s", (length, code, message) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      await a.sendmsg({ data: encoded("", 1), fds: [file.sendable] });
      file.close();
      const options = { ...FORMAT, maxFds: 1, length: () => length as number };
      expect(await ending(b, options)).toMatchObject({ code, message });
    }),
  );

  it.each([
    [9, 1, "ERR_SENDMSG_TOO_MANY_FDS", "A frame announces 9 descriptors, and maxFds is 2"],
    [2, 1, "ERR_SENDMSG_MISSING_FDS", "2 descriptors are needed, and the peer has sent 1"],
    [
      2,
      3,
      "ERR_SENDMSG_TOO_MANY_FDS",
      "The peer has sent 3 descriptors that nobody has taken, and maxFds is 2",
    ],
  ])("accepts no frame that announces %i descriptors and has %i", (announced, sent, code, message) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const fds = Array.from({ length: sent }, () => file.sendable);
      await a.sendmsg({ data: encoded("body", announced), fds });
      file.close();
      expect(await ending(b, { ...FORMAT, maxFds: 2 })).toMatchObject({ code, message });
    }),
  );

  it("accepts no descriptors if frames have none", () =>
    withPair(
      "stream",
      async (a, b) => {
        const file = openFile();
        await a.sendmsg({ data: plain("body"), fds: [file.sendable] });
        file.close();
        expect(await ending(b, {})).toMatchObject({ code: "ERR_SENDMSG_TOO_MANY_FDS" });
      },
      { maxFds: "all" },
    ));

  it("closes the descriptors of a frame whose header the program can't read", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      await a.sendmsg({ data: encoded("body", 1), fds: [file.sendable] });
      file.close();
      const length = () => {
        throw new Error("no frame");
      };
      expect((await ending(b, { ...FORMAT, maxFds: 1, length })).message).toBe("no frame");
    }));
});

describe("frames()", () => {
  it.each([
    [{ headerSize: 0 }, "ERR_OUT_OF_RANGE", "options.headerSize"],
    [{ headerSize: 7 }, "ERR_INVALID_ARG_VALUE", "a header of 7 bytes is more than one integer"],
    [{ length: 4 }, "ERR_INVALID_ARG_TYPE", "options.length"],
    [{ fds: 4 }, "ERR_INVALID_ARG_TYPE", "options.fds"],
    [
      { maxFds: 1 },
      "ERR_INVALID_ARG_VALUE",
      "must be given together with fds, which tells what belongs to a frame",
    ],
    [{ fds: () => 0, maxFds: 254 }, "ERR_OUT_OF_RANGE", "options.maxFds"],
    [{ maxLength: -1 }, "ERR_OUT_OF_RANGE", "options.maxLength"],
    [{ signal: 1 }, "ERR_INVALID_ARG_TYPE", "options.signal"],
    [[], "ERR_INVALID_ARG_TYPE", "options"],
  ])("rejects wrong options: %j", async (options, code, message) => {
    const [a, b] = memorySocketpair();
    await a.sendmsg({ data: plain("still here") });
    expect(await ending(b, options as FrameOptions)).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    await a.close();
    expect(await all(b, {})).toEqual(["still here"]);
  });

  it("takes maxFds from the reader", async () => {
    const [, b] = memorySocketpair();
    const options = { ...FORMAT, maxFds: 1 };
    expect((await rejection(all(new StreamReader<Descriptor>(b), options))).message).toBe(
      'The "options.maxFds" argument must not be given with a reader, which has a maxFds of its own',
    );
  });

  it("does what it shows: a long frame lies in memory of its own, short ones share what came together", async () => {
    const [a, b] = memorySocketpair("stream", { capacity: 1_000_000 });
    await a.sendmsg({ data: [plain("one"), plain("two"), plain("x".repeat(200_000))] });
    await a.close();
    const buffers: ArrayBufferLike[] = [];
    for await (const { body } of frames(b)) buffers.push(body.buffer);
    expect(buffers[0]).toBe(buffers[1]);
    expect(buffers[2]!.byteLength).toBe(200_004);
  });
});
