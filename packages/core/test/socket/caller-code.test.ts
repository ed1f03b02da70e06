import { expect, it } from "vitest";
import { Socket } from "../../src/index.js";
import { rejection, thrown } from "../support/outcome.js";
import { bytesOf, fill, read, withPair } from "../support/pairs.js";
import { CONNECTIONS, withConnection } from "../support/transports.js";

// The caller's message and options can have getters, which run the caller's code in the middle of a call.

const TCP = CONNECTIONS.find(({ name }) => name === "TCP over IPv4")!;
const long = Buffer.alloc(16 << 20, "a");

const withAddress = (run: () => void) => ({
  family: "ipv4" as const,
  port: 1,
  get address(): string {
    run();
    return "127.0.0.1";
  },
});

/** Receives all messages that have arrived. */
function drain(socket: Socket): Buffer[] {
  const parts: Buffer[] = [];
  for (let part = socket.tryRecvmsg(); part; part = socket.tryRecvmsg()) parts.push(part.data);
  return parts;
}

it("a send reads the caller's message once, even if it goes in parts", () =>
  withConnection(TCP, async (client, server) => {
    let calls = 0;
    const address = withAddress(() => calls++);
    await client.sendmsg({ data: Buffer.from("short"), address });
    const once = calls;
    const sending = client.sendmsg({ data: long, address });
    await read(server, "short".length + long.length);
    expect(await sending).toEqual({ bytes: long.length });
    expect(calls).toBe(2 * once);
  }));

it("a message that a getter of another message sends goes first, and whole", () =>
  withConnection(TCP, async (client, server) => {
    let inner: Promise<unknown> | undefined;
    const parts: Buffer[] = [];
    const address = withAddress(() => {
      inner ??= client.sendmsg({ data: long });
      // Makes room in the middle of the outer send.
      parts.push(...drain(server));
    });
    const outer = client.sendmsg({ data: Buffer.from("outer"), address });
    const left = long.length + "outer".length - Buffer.concat(parts).length;
    const whole = Buffer.concat([...parts, bytesOf(await read(server, left))]);
    expect(await Promise.all([inner, outer])).toEqual([{ bytes: long.length }, { bytes: 5 }]);
    expect(whole.toString("latin1", long.length)).toBe("outer");
    expect(whole.indexOf("outer")).toBe(long.length);
  }));

it("a send whose message aborts it sends nothing, and does not wait", () =>
  withPair("dgram", async (a, b) => {
    const send = () => {
      const controller = new AbortController();
      const message = {
        get data() {
          controller.abort("why");
          return "never";
        },
      };
      return rejection(a.sendmsg(message, { signal: controller.signal }));
    };
    expect(await send()).toMatchObject({ code: "ABORT_ERR", cause: "why", bytesSent: 0 });
    expect(b.tryRecvmsg()).toBeUndefined();
    fill(a);
    expect(await send()).toMatchObject({ code: "ABORT_ERR", cause: "why", bytesSent: 0 });
  }));

it("a connect whose address aborts it fails, and does not connect", () =>
  withConnection(TCP, async (_client, server) => {
    const { port } = server.getsockname() as { port: number };
    const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const controller = new AbortController();
    const to = Object.assign(
      withAddress(() => controller.abort("why")),
      { port },
    );
    expect(await rejection(socket.connect(to, { signal: controller.signal }))).toMatchObject({
      cause: "why",
    });
    expect((await rejection(Promise.resolve().then(() => socket.getpeername()))).code).toBe("ENOTCONN");
    await socket.close();
  }));

const deaf = {
  aborted: false,
  addEventListener() {
    throw new Error("deaf");
  },
  removeEventListener() {},
} as unknown as AbortSignal;

it("a call with a signal whose addEventListener() throws fails, and does not wait", () =>
  withPair("dgram", async (a, b) => {
    expect(await rejection(b.recvmsg({ signal: deaf }))).toMatchObject({ message: "deaf" });
    expect((await rejection(b.recvError({ signal: deaf }))).code).toBe("EOPNOTSUPP");
    const filled = fill(a);
    const failed = rejection(a.sendmsg({ data: "never", fds: [0] }, { signal: deaf }));
    expect(await failed).toMatchObject({ message: "deaf", bytesSent: 0 });
    for (let i = 0; i < filled; i++) expect(String((await b.recvmsg()).data)).toBe("filler");
    await a.sendmsg({ data: "next" });
    expect(String((await b.recvmsg()).data)).toBe("next");
    expect(thrown(() => b.tryRecvmsg({ signal: 1 as never })).code).toBe("ERR_INVALID_ARG_TYPE");
  }));

it("a waiting send of an empty view sends an empty datagram even if the view's memory was transferred", () =>
  withPair("dgram", async (a, b) => {
    const filled = fill(a);
    const buffer = new ArrayBuffer(8);
    const sending = a.sendmsg({ data: new Uint8Array(buffer, 4, 0) });
    structuredClone(buffer, { transfer: [buffer] });
    for (let i = 0; i < filled; i++) await b.recvmsg();
    expect(await sending).toEqual({ bytes: 0 });
    expect((await b.recvmsg()).data.length).toBe(0);
  }));

it("a receive fills buffers whose properties lie about their memory", () =>
  withPair("dgram", async (a, b) => {
    const lie = (): Uint8Array =>
      Object.defineProperties(new Uint8Array(4), {
        buffer: { value: new ArrayBuffer(1) },
        byteOffset: { value: 100 },
        byteLength: { value: 1 },
        subarray: { value: () => ({ byteLength: 4, length: 0 }) },
      });
    for (const buffers of [lie(), [lie(), lie()]]) {
      await a.sendmsg({ data: "real" });
      expect(String((await b.recvmsg({ buffers })).data)).toBe("real");
    }
  }));
