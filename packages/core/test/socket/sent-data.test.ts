import { describe, expect, it } from "vitest";
import { type ControlMessage, Socket } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { bytesOf, cramp, drop, fill, read, TYPES, withPair } from "../support/pairs.js";

describe.each(TYPES)("%s", (type) => {
  it("reads the control messages within the call", () =>
    withPair(
      type,
      async (a, b) => {
        const filled = fill(a);
        const value = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
        const control: ControlMessage[] = [{ name: "credentials", value }];
        const sending = a.sendmsg({ data: "x", control });
        const before = { ...value };
        value.pid = 1;
        control.length = 0;
        if (type === "stream") await read(b, filled * 6);
        else await drop(b, filled);
        expect((await b.recvmsg()).control).toEqual([{ name: "credentials", value: before }]);
        await sending;
      },
      { receive: ["credentials"] },
    ));

  it("rejects a send whose buffer was transferred while it waited, and sends the next one", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const buffer = new Uint8Array(6);
      const broken = rejection(a.sendmsg({ data: ["x", buffer] }));
      const next = a.sendmsg({ data: "next!!" });
      structuredClone(buffer, { transfer: [buffer.buffer] });
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(await broken).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
      expect(String((await b.recvmsg()).data)).toBe("next!!");
      await next;
    }));

  // Node 18 has no resizable ArrayBuffer.
  it.runIf("resizable" in ArrayBuffer.prototype)(
    "rejects a send whose buffer was resized while it waited, and sends the next one",
    () =>
      withPair(type, async (a, b) => {
        const make = ArrayBuffer as unknown as new (
          size: number,
          options: object,
        ) => ArrayBuffer & {
          resize(size: number): void;
        };
        const filled = fill(a);
        const buffer = new make(6, { maxByteLength: 12 });
        const view = new Uint8Array(buffer).fill(0x61);
        const broken = [view, buffer].map((data) => rejection(a.sendmsg({ data })));
        buffer.resize(12);
        const next = a.sendmsg({ data: view });
        if (type === "stream") await read(b, filled * 6);
        else await drop(b, filled);
        for (const error of broken) {
          expect(await error).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
        }
        expect(String((await b.recvmsg()).data)).toBe("aaaaaa\0\0\0\0\0\0");
        expect(await next).toEqual({ bytes: 12 });
      }),
  );

  it("sends the real bytes of a view that states another length", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: Buffer.alloc(60, "secret") });
      await b.recvmsg();
      for (const stated of [0, 60, 2000]) {
        const data = Object.defineProperty(Buffer.from("short"), "byteLength", { value: stated });
        expect(await a.sendmsg({ data })).toEqual({ bytes: 5 });
        expect(String((await b.recvmsg()).data)).toBe("short");
      }
    }));
});

describe("a message whose getter transfers its bytes", () => {
  it("is refused, and is not sent shorter", () =>
    counted(async () => {
      const [sender, receiver] = await Promise.all(
        [freshPath(), freshPath()].map((path) => Socket.bind({ path }, { type: "dgram" })),
      );
      const { path } = receiver!.getsockname() as { path: string };
      // The getter transfers the bytes at its first reading, then at its second, and so on.
      for (let last = 1; last <= 6; last++) {
        const data = new Uint8Array(5000);
        let readings = 0;
        const address = {
          get path() {
            if (++readings === last) structuredClone(data.buffer, { transfer: [data.buffer] });
            return path;
          },
        };
        const sent = await sender!.sendmsg({ data, address }).catch((error) => error);
        if (readings < last) expect(sent).toEqual({ bytes: 5000 });
        else expect(sent).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "message.data" });
      }
      await Promise.all([sender!.close(), receiver!.close()]);
    }));
});

describe("bytes of a subclass of Uint8Array", () => {
  /** Its constructor ignores the offset, so that its subarray() begins at the start of the memory. */
  class FromTheStart extends Uint8Array {
    constructor(memory: ArrayBuffer) {
      super(memory);
    }
  }
  /** It states another length than it has. */
  class Shorter extends Uint8Array {
    override get byteLength(): number {
      return super.byteLength - 1;
    }
    override get length(): number {
      return super.length - 1;
    }
  }
  const memory = new Uint8Array(300_000).map((_, i) => (i * 7) >> 3).buffer;

  /** A plain Uint8Array with another subarray() and another constructor. */
  const disguised = (): Uint8Array =>
    Object.assign(new Uint8Array(memory), {
      constructor: { [Symbol.species]: FromTheStart },
      subarray: () => new Uint8Array(5),
    });

  it.each([
    ["one, whose subarray() is another", () => new FromTheStart(memory)],
    ["one that pretends to be of another class", disguised],
    ["several", () => [new FromTheStart(memory.slice(0, 150_000)), new FromTheStart(memory.slice(150_000))]],
    ["one with another length", () => new Shorter(memory)],
  ])("are sent unchanged, in parts: %s", (_, make) =>
    withPair("stream", async (a, b) => {
      cramp(a);
      const [sent, messages] = await Promise.all([a.sendmsg({ data: make() }), read(b, memory.byteLength)]);
      expect(sent).toEqual({ bytes: memory.byteLength });
      expect(bytesOf(messages).equals(Buffer.from(memory))).toBe(true);
    }),
  );
});
