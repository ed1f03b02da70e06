import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import { MSG_PEEK } from "../src/constants/index.js";
import { encodeControl } from "../src/control/index.js";
import { Listener, Socket, socketpair } from "../src/index.js";
import { encodeOption } from "../src/options/index.js";
import { recvmsg, sendmsg } from "../src/syscalls/index.js";
import { memorySocketpair } from "../src/testing/index.js";
import { machineLayout } from "../src/wire/layout.js";
import { counted } from "./support/counted.js";
import { closeSync } from "./support/files.mjs";
import { freshPath } from "./support/fresh-places.js";
import { thrown } from "./support/outcome.js";
import { openFile } from "./support/owned-descriptors.js";
import { withPair } from "./support/pairs.js";

// A program that merges a stranger's JSON with "__proto__" gives these properties to all its objects.

const everyObject = Object.prototype as Record<string, unknown>;
let polluted: string[] = [];
const pollute = (properties: Record<string, unknown>) => {
  polluted.push(...Object.keys(properties));
  Object.assign(everyObject, properties);
};
const clean = () => {
  for (const name of polluted) delete everyObject[name];
  polluted = [];
};
afterEach(clean);

/** Runs `body` while Object.prototype has these properties. Assertions run outside of it. */
function whilePolluted<T>(properties: Record<string, unknown>, body: () => T): T {
  pollute(properties);
  try {
    return body();
  } finally {
    clean();
  }
}

describe("a property of Object.prototype", () => {
  it.each(["omitted", "empty"])("maxFds lets no descriptor in (options are %s)", (given) =>
    counted(async () => {
      const file = openFile("content");
      const options = given === "omitted" ? [] : [{}];
      const sockets = whilePolluted({ maxFds: 253, signal: AbortSignal.abort() }, () =>
        socketpair("stream", ...options),
      );
      const [a, b] = sockets;
      for (const receive of [
        () => whilePolluted({ maxFds: 253 }, () => b.tryRecvmsg(...options)),
        () => whilePolluted({ maxFds: 253 }, () => b.recvmsg(...options)),
      ]) {
        await a.sendmsg({ data: "x", fds: [file] });
        using message = (await receive())!;
        expect([message.fds.length, message.droppedFds]).toEqual([0, 1]);
      }
      await Promise.all([a.close(), b.close()]);
      closeSync(file);
    }),
  );

  it("flags, size and signal do not change a receive", () =>
    withPair("dgram", async (a, b) => {
      await a.sendmsg({ data: "whole" });
      const message = whilePolluted({ flags: MSG_PEEK, size: 1, signal: AbortSignal.abort() }, () =>
        b.tryRecvmsg(),
      );
      expect(String(message!.data)).toBe("whole");
      expect(b.tryRecvmsg()).toBeUndefined();
    }));

  it("fds, control and address are not sent", () =>
    withPair(
      "dgram",
      async (a, b) => {
        const file = openFile("content");
        const properties = {
          fds: [file],
          address: { path: "/elsewhere" },
          control: [{ name: "rights", value: [0] }],
        };
        const sending = whilePolluted(properties, () => a.sendmsg({ data: "x" }));
        expect(await sending).toEqual({ bytes: 1 });
        using message = await b.recvmsg();
        expect([String(message.data), message.fds.length]).toEqual(["x", 0]);
        closeSync(file);
      },
      { maxFds: 1 },
    ));

  it("mode and unlink do not change a Listener", () =>
    counted(async () => {
      const path = freshPath();
      const listening = whilePolluted({ unlink: "stale", mode: 0o777, maxFds: 253, type: "dgram" }, () =>
        Listener.listen({ path }),
      );
      const listener = await listening;
      await expect(whilePolluted({ unlink: "stale" }, () => Listener.listen({ path }))).rejects.toMatchObject(
        { code: "EADDRINUSE" },
      );
      const socket = await Socket.connect({ path });
      await Promise.all([listener.close(), socket.close()]);
    }));

  it("backlog and abstract do not change a Listener", () =>
    counted(async () => {
      const elsewhere = freshPath();
      const address = { abstract: `sendmsg-polluted-${process.pid}` };
      const listening = whilePolluted({ backlog: "long", path: elsewhere }, () => Listener.listen(address));
      const listener = await listening;
      expect(listener.getsockname()).toEqual({ family: "unix", ...address });
      expect(existsSync(elsewhere)).toBe(false);
      await listener.close();
    }));

  it("fields of addresses and control messages are not read", () => {
    const address = { family: "ipv6", address: "::1", port: 1 } as const;
    const credentials = { name: "credentials", value: { pid: 1, uid: 2 } } as never;
    const properties = { path: "/elsewhere", scopeId: 7, flowInfo: 7, gid: 0 };
    expect(whilePolluted(properties, () => encodeAddress(address))).toEqual(encodeAddress(address));
    const can = { family: "can", interface: 1 } as const;
    expect(whilePolluted({ pgn: 1, rxId: 1 }, () => encodeAddress(can))).toEqual(encodeAddress(can));
    expect(whilePolluted(properties, () => thrown(() => encodeControl([credentials])))).toMatchObject({
      argument: "control[0].value.gid",
    });
  });

  it("layout and family do not change the codecs", () =>
    withPair(
      "stream",
      (a, b) => {
        const control = [{ name: "credentials", value: a.getPeerCredentials() }] as const;
        const properties = { layout: machineLayout === "32" ? "64" : "32", family: "ipv4", argument: 1 };
        whilePolluted(properties, () => a.trySendmsg({ data: "x", control }));
        const message = b.tryRecvmsg()!;
        expect(whilePolluted(properties, () => message.control)).toEqual(control);
        expect(whilePolluted(properties, () => encodeControl(control, {}))).toEqual(encodeControl(control));
        const bytes = encodeOption("rcvTimeo", 1_000_000n);
        expect(whilePolluted(properties, () => encodeOption("rcvTimeo", 1_000_000n, {}))).toEqual(bytes);
      },
      { receive: ["credentials"] },
    ));

  it("flags do not change the bare calls", () =>
    withPair("dgram", (a, b) => {
      const buffer = Buffer.alloc(8);
      const result = whilePolluted({ flags: MSG_PEEK, timeout: "soon", address: Buffer.alloc(1) }, () => {
        sendmsg(a.fd, "once", {});
        return recvmsg(b.fd, buffer, {});
      });
      expect(result.bytes).toBe(4);
      expect(b.tryRecvmsg()).toBeUndefined();
    }));

  it("does not change sockets in memory", async () => {
    const [a, b] = whilePolluted({ maxFds: 253, capacity: 1 }, () => memorySocketpair("stream"));
    await a.sendmsg({ data: "abc", fds: [0] });
    const message = whilePolluted({ maxFds: 253, size: 1 }, () => b.tryRecvmsg())!;
    expect([String(message.data), message.fds.length, message.droppedFds]).toEqual(["abc", 0, 1]);
    await Promise.all([a.close(), b.close()]);
  });
});

describe("a property that the caller's own prototype has is an option", () => {
  class Options {
    readonly #size = 2;
    get size(): number {
      return this.#size;
    }
  }

  it.each([
    ["a class with a getter over a private field", () => new Options()],
    ["Object.create(defaults)", () => Object.create({ size: 2 }) as { size: number }],
    [
      "an object without prototype",
      () => Object.assign(Object.create(null), { size: 2 }) as { size: number },
    ],
    ["a frozen object", () => Object.freeze({ size: 2 })],
  ])("%s", (_, make) =>
    withPair("stream", async (a, b) => {
      for (const properties of [{}, { size: 1, maxFds: 1 }] as Record<string, unknown>[]) {
        await a.sendmsg({ data: "abcd" });
        const message = whilePolluted(properties, () => b.tryRecvmsg(make()));
        expect(String(message!.data)).toBe("ab");
        b.tryRecvmsg();
      }
    }),
  );
});
