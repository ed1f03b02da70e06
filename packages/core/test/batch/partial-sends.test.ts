import { afterEach, describe, expect, it } from "vitest";
import { SO_RCVBUF, SOL_SOCKET } from "../../src/constants/index.js";
import type { Socket } from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { closeAll } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { rejection } from "../support/outcome.js";
import { next, udp4, unix } from "../support/sockets.js";

// sendmmsg(2) returns how many messages went. It shows the error of the one that failed only if the rest is tried again.

afterEach(closeAll);

/** More than UDP and a Unix socket's SO_SNDBUF take. */
const TOO_BIG = Buffer.alloc(65_536);
const SMALL = 4608;

interface Kind {
  name: string;
  ends: () => Promise<[Socket, Socket]>;
  tooBig: Buffer;
  size: number;
}

const KINDS: Kind[] = [
  {
    name: "UDP",
    tooBig: TOO_BIG,
    size: 65_536,
    ends: async () => {
      const to = await udp4();
      const from = await udp4();
      setsockopt(to.socket.fd, SOL_SOCKET, SO_RCVBUF, 4 * 1024 * 1024);
      await from.socket.connect(to.at);
      return [from.socket, to.socket];
    },
  },
  ...(["dgram", "seqpacket"] as const).map((type) => ({
    name: `Unix ${type}`,
    tooBig: Buffer.alloc(SMALL * 2),
    size: SMALL * 2,
    ends: async (): Promise<[Socket, Socket]> => {
      const [a, b] = unix(type);
      a.options.set("sndBuf", SMALL / 2); // the kernel doubles it
      return [a, b];
    },
  })),
];

/** Sends the batch, and skips each message that fails. Receives between the calls. Returns what happened. */
async function sendAll(
  from: Socket,
  to: Socket,
  messages: readonly Buffer[],
  { tooBig, size }: Kind,
): Promise<{ got: string[]; calls: (number | string)[]; sent: number[] }> {
  const batch = from.createBatch({ slots: Math.max(messages.length, 1), size });
  for (const data of messages) batch.push({ data });
  const good = messages.filter((data) => data !== tooBig).length;
  const got: string[] = [];
  const receiving = (async () => {
    while (got.length < good) got.push((await next(to)).data.toString());
  })();
  const calls: (number | string)[] = [];
  const sent: number[] = [];
  let passed = 0;
  while (passed < messages.length) {
    try {
      const count = await from.sendBatch(batch);
      calls.push(count);
      passed += count;
    } catch (error) {
      calls.push((error as NodeJS.ErrnoException).code!);
      sent.push(batch.sent);
      batch.skip();
      passed++;
    }
  }
  await receiving;
  expect(to.tryRecvmsg()).toBeUndefined();
  return { got, calls, sent };
}

describe.each(KINDS)("a batch in which messages fail: $name", (kind) => {
  const { ends, tooBig, size } = kind;
  const texts = (count: number) => Array.from({ length: count }, (_, i) => Buffer.from(`${i}`));

  it("returns how many went; the next call rejects with the error, and again until skip()", () =>
    withSockets(async () => {
      const [from, to] = await ends();
      const batch = from.createBatch({ slots: 3, size });
      batch.push({ data: "first" });
      batch.push({ data: tooBig });
      batch.push({ data: "third" });
      expect(batch.length).toBe(3);
      expect(await from.sendBatch(batch)).toBe(1);
      expect(batch.sent).toBe(1);
      for (let i = 0; i < 2; i++) {
        expect(await rejection(from.sendBatch(batch))).toMatchObject({ code: "EMSGSIZE" });
        expect(batch.sent).toBe(1);
      }
      batch.skip();
      expect(await from.sendBatch(batch)).toBe(1);
      expect((await next(to)).data.toString()).toBe("first");
      expect((await next(to)).data.toString()).toBe("third");
      expect(to.tryRecvmsg()).toBeUndefined();
    }));

  it("trySendBatch() does the same, and throws", async () => {
    const [from, to] = await ends();
    const batch = from.createBatch({ slots: 3, size });
    for (const data of ["first", tooBig, "third"]) batch.push({ data });
    expect(from.trySendBatch(batch)).toBe(1);
    expect(() => from.trySendBatch(batch)).toThrow("EMSGSIZE");
    batch.skip();
    expect(from.trySendBatch(batch)).toBe(1);
    expect((await next(to)).data.toString()).toBe("first");
    expect((await next(to)).data.toString()).toBe("third");
  });

  it.each([1, 2, 20, 64, 204, 1024])("sends each of %i messages once, whichever fails", async (count) => {
    for (const bad of new Set([0, 1, Math.floor(count / 2), count - 1])) {
      const [from, to] = await ends();
      const messages = texts(count).map((data, i) => (i === bad ? tooBig : data));
      const { got, sent } = await sendAll(from, to, messages, kind);
      expect(got).toEqual(messages.flatMap((data) => (data === tooBig ? [] : [data.toString()])));
      expect(sent).toEqual(bad < count ? [bad] : []);
      await from.close();
      await to.close();
    }
  });

  it("skips several messages that fail one after the other", async () => {
    const [from, to] = await ends();
    const messages = texts(40).map((data, i) => (i % 3 === 2 || i > 35 ? tooBig : data));
    const { got, calls } = await sendAll(from, to, messages, kind);
    expect(got).toEqual(messages.flatMap((data) => (data === tooBig ? [] : [data.toString()])));
    expect(calls.filter((call) => call === "EMSGSIZE")).toHaveLength(
      messages.filter((data) => data === tooBig).length,
    );
  });
});
