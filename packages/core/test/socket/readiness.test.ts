import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../../src/constants/timestamping.js";
import { type Address, FileDescriptor, type Socket, socketpair } from "../../src/index.js";
import { closeAll } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { rejection } from "../support/outcome.js";
import { fill, TYPES, withPair } from "../support/pairs.js";
import { onRealKernel } from "../support/skip-unless.js";
import { nextError, tcp, udp4 } from "../support/sockets.js";
import { pass, turn, until } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

/** Lets a socket wait for so many messages that it expects to wait for the next one, too. */
async function serve(receiver: Socket, send: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 4; i++) {
    const message = receiver.recvmsg();
    await send();
    await message;
  }
}

describe("events", () => {
  it("of a closed socket do not reach the next socket with its number", () =>
    withPair("stream", async () => {
      for (let i = 0; i < 50; i++) {
        await withPair("stream", async (a, b) => {
          const receiving = b.recvmsg();
          await new Promise((resolve) => setImmediate(resolve));
          a.trySendmsg({ data: `${i}` });
          expect(String((await receiving).data)).toBe(`${i}`);
        });
      }
    }));
});

describe.each(TYPES)(
  "a %s socket that this process made, which the event loop reports as long as it is ready",
  (type) => {
    it("receives nothing while nobody waits", () =>
      withPair(type, async (a, b) => {
        await serve(b, () => a.sendmsg({ data: "x" }));
        await a.sendmsg({ data: "unwanted" });
        await turn();
        expect(await calls("receive", () => pass(50))).toBe(0);
        expect(String((await b.recvmsg()).data)).toBe("unwanted");
      }));

    it("receives earlier messages, and later ones", () =>
      withPair(type, async (a, b) => {
        await serve(b, () => a.sendmsg({ data: "x" }));
        const seen: string[] = [];
        for (let i = 0; i < 40; i++) {
          await a.sendmsg({ data: String.fromCharCode(65 + i) });
          if (i % 3 === 0) await turn();
          seen.push(String((await b.recvmsg()).data));
        }
        expect(seen.join("")).toBe(
          Array.from({ length: 40 }, (_, i) => String.fromCharCode(65 + i)).join(""),
        );
      }));

    it("gives an arrived message to the receive that waits when it closes", () =>
      withPair(type, async (a, b) => {
        await serve(b, () => a.sendmsg({ data: "x" }));
        for (let i = 0; i < 4; i++) {
          const message = b.recvmsg();
          await a.sendmsg({ data: "x" });
          await message;
          await turn();
        }
        await a.sendmsg({ data: "there" });
        const message = b.recvmsg();
        b.close();
        expect(String((await message).data)).toBe("there");
      }));

    it("sends while the peer is full, and receives at the same time", () =>
      withPair(type, async (a, b) => {
        const received = a.recvmsg();
        fill(a);
        const sending = a.sendmsg({ data: "behind" });
        await b.sendmsg({ data: "back" });
        expect(String((await received).data)).toBe("back");
        while (b.tryRecvmsg() !== undefined);
        await sending;
        expect(String((await b.recvmsg()).data)).toBe("behind");
      }));
  },
);

/** Two UDP sockets. */
async function datagrams(): Promise<{ a: Socket; b: Socket; atA: Address; atB: Address }> {
  const [{ socket: a, at: atA }, { socket: b, at: atB }] = await Promise.all([udp4(), udp4()]);
  return { a, b, atA, atB };
}

it("a wait for which the kernel refuses to watch does not disturb the other waits", async () => {
  const { a, b, atB } = await datagrams();
  await serve(b, () => a.sendmsg({ data: "x", address: atB }));
  const message = b.recvmsg();
  await turn();
  const endRefusal = refuseToWatch();
  await b.recvError({ signal: AbortSignal.timeout(100) }).catch(() => {});
  endRefusal();
  await a.sendmsg({ data: "there", address: atB });
  expect(String((await message).data)).toBe("there");
});

onRealKernel("a receive takes fewer bytes than SO_RCVLOWAT if they have arrived", async () => {
  const [client, server] = await tcp();
  await serve(client, () => server.sendmsg({ data: Buffer.alloc(200) }));
  client.options.set("rcvLowat", 100);
  await server.sendmsg({ data: "few" });
  await until(() => client.options.get("tcpInfo").bytesReceived === 803n);
  expect(String((await client.recvmsg()).data)).toBe("few");
});

onRealKernel("unread reports on the error queue do not fill the receive buffer", async () => {
  const { a, b, atA, atB } = await datagrams();
  a.options.set(
    "timestamping",
    SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID,
  );
  await serve(a, () => b.sendmsg({ data: "x", address: atA }));
  await b.sendmsg({ data: "unwanted", address: atA });
  await turn();
  for (let i = 0; i < 1000; i++) await a.sendmsg({ data: "x", address: atB });
  // As long as the reports fill the receive buffer, the kernel drops messages.
  await until(() => {
    b.trySendmsg({ data: "there", address: atA });
    return String(a.tryRecvmsg()?.data) === "there";
  });
  expect((await nextError(a)).control.length).toBeGreaterThan(0);
});

describe("a socket's file that lives on as another descriptor", () => {
  /** The descriptors that this process's epoll instances watch: "tfd: 21 events: …", proc(5). */
  function watched(): number[] {
    return readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        if (readlinkSync(`/proc/self/fd/${fd}`) !== "anon_inode:[eventpoll]") return [];
        return [...readFileSync(`/proc/self/fdinfo/${fd}`, "latin1").matchAll(/^tfd:\s+(\d+)/gm)].map(
          ([, number]) => Number(number),
        );
      } catch {
        return [];
      }
    });
  }

  onRealKernel("sends no events after its socket has closed", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      const waiting = rejection(a.recvmsg());
      await turn();
      const number = a.fd;
      expect(watched()).toContain(number);
      const copy = FileDescriptor.adopt(number === a.fd ? dupOf(number) : -1);
      await a.close();
      await waiting;
      expect(watched()).not.toContain(number);

      // The number's next owner gets only its own events.
      const [c, d] = socketpair("stream");
      const waits = [c, d].map((socket) => socket.recvmsg());
      await turn();
      const receives = await calls("receive", async () => {
        for (let i = 0; i < 20; i++) {
          await b.sendmsg({ data: "x" });
          await turn();
        }
      });
      expect(receives).toBe(0);
      await c.sendmsg({ data: "to d" });
      await d.sendmsg({ data: "to c" });
      expect((await Promise.all(waits)).map(({ data }) => String(data))).toEqual(["to c", "to d"]);
      copy.close();
      await Promise.all([b, c, d].map((socket) => socket.close()));
    }),
  );

  function dupOf(fd: number): number {
    const [a, b] = socketpair("seqpacket", { maxFds: 1 });
    a.trySendmsg({ fds: [fd] });
    const [copy] = b.tryRecvmsg()!.takeFds();
    void a.close();
    void b.close();
    return copy!.detach();
  }

  onRealKernel("sends no events after its socket was detached", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      const waiting = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "x" });
      await waiting;
      const number = a.fd;
      using descriptor = a.detach();
      expect(watched()).not.toContain(number);
      expect(descriptor.fd).toBe(number);
      await b.close();
    }),
  );
});
