import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { type ReusePortSteering, reusePortProgram, Socket } from "../src/index.js";
import { closeAll, own } from "./support/closing.js";
import { thrown } from "./support/outcome.js";
import { onRealKernel, skipUnless } from "./support/skip-unless.js";
import { next, udp4, udp6 } from "./support/sockets.js";
import { isEmulated } from "./support/target.js";

afterEach(closeAll);

/** Runs a program on each of the machine's processors. */
const withAffinity = skipUnless(
  "there is no taskset(1) or no bash(1), or this process may not use all processors",
  !isEmulated() && spawnSync("taskset", ["-c", `0-${cpus().length - 1}`, "bash", "-c", "exit"]).status === 0,
);

/** Sockets that share a port, and whose packets the kernel distributes by this rule. */
async function sharing(count: number, steering: ReusePortSteering, udp: typeof udp4 | typeof udp6 = udp4) {
  const { socket, at } = await udp([], { reusePort: true });
  const sockets = [socket as Socket];
  while (sockets.length < count) {
    sockets.push(own(await Socket.bind(at, { type: "dgram", reusePort: true })));
  }
  socket.options.set("attachReusePortCbpf", reusePortProgram(steering));
  const { socket: sender } = await udp();
  return { sockets, at, sender };
}

/** Over the loopback interface, a datagram is in the receiver's queue when the system call returns. */
const indexOfReceiver = (sockets: readonly Socket[]): number =>
  sockets.findIndex((socket) => {
    const message = socket.tryRecvmsg();
    return message !== undefined;
  });

describe("reusePortProgram()", () => {
  for (const [name, udp] of [
    ["IPv4", udp4],
    ["IPv6", udp6],
  ] as const) {
    onRealKernel(`chooses the socket by a byte of the payload, by ${name}`, async () => {
      const { sockets, at, sender } = await sharing(3, { by: "payload", offset: 2, sockets: 3 }, udp);
      for (const byte of [0, 1, 2, 3, 7, 255]) {
        await sender.sendmsg({ data: Uint8Array.of(9, 9, byte, 9), address: at });
        expect((await next(sockets[byte % 3]!)).data[2]).toBe(byte);
      }
    });
  }

  onRealKernel("chooses the socket by 2 or 4 bytes, the most significant first", async () => {
    for (const [length, number] of [
      [2, 0x0102],
      [2, 0xfffe],
      [4, 0x01020305],
      [4, 0xfffffffd],
    ] as const) {
      const { sockets, at, sender } = await sharing(3, { by: "payload", offset: 1, length, sockets: 3 });
      const data = Buffer.alloc(1 + length);
      data.writeUIntBE(number, 1, length);
      await sender.sendmsg({ data, address: at });
      await next(sockets[number % 3]!);
    }
  });

  onRealKernel(
    "leaves a packet that is too short to the kernel, which keeps a sender with one socket",
    async () => {
      const steering = { by: "payload", offset: 4, length: 4, sockets: 2 } as const;
      const { sockets, at } = await sharing(2, steering);
      const used = new Set<number>();
      // The chance that the kernel chooses the same socket for 64 senders is 2^-63.
      for (let i = 0; i < 64; i++) {
        const { socket: sender } = await udp4();
        await sender.sendmsg({ data: "seven b", address: at });
        const index = indexOfReceiver(sockets);
        await sender.sendmsg({ data: "seven b", address: at });
        expect(indexOfReceiver(sockets)).toBe(index);
        used.add(index);
      }
      expect([...used].sort()).toEqual([0, 1]);
    },
  );

  onRealKernel("chooses any socket", async () => {
    const { sockets, at, sender } = await sharing(2, { by: "random", sockets: 2 });
    const used = new Set<number>();
    // Each socket gets half of the packets. The chance that one gets none of 64 is 2^-63.
    for (let i = 0; i < 64; i++) {
      await sender.sendmsg({ data: "x", address: at });
      used.add(indexOfReceiver(sockets));
    }
    expect([...used].sort()).toEqual([0, 1]);
  });

  onRealKernel("counts a packet without a receive queue as one of queue 0", async () => {
    const { sockets, at, sender } = await sharing(3, { by: "queue", sockets: 3 });
    for (let i = 0; i < 3; i++) {
      await sender.sendmsg({ data: "x", address: at });
      await next(sockets[0]!);
    }
  });

  withAffinity("chooses by the processor that takes the packet in", async () => {
    const { sockets, at } = await sharing(2, { by: "cpu", sockets: 2 });
    for (let cpu = 0; cpu < cpus().length; cpu++) {
      // Over the loopback interface, it is the sender's.
      const send = `echo x > /dev/udp/${at.address}/${at.port}`;
      const sender = spawnSync("taskset", ["-c", `${cpu}`, "bash", "-c", send], { encoding: "utf8" });
      expect(sender).toMatchObject({ status: 0, stderr: "" });
      expect(String((await next(sockets[cpu % 2]!)).data)).toBe("x\n");
    }
  });

  onRealKernel("leaves packets to the kernel if the index is too high", async () => {
    const { sockets, at, sender } = await sharing(1, { by: "payload", offset: 0, sockets: 100 });
    await sender.sendmsg({ data: Uint8Array.of(99), address: at });
    await next(sockets[0]!);
  });

  test("refuses what it does not know", () => {
    const refused = (steering: unknown) =>
      thrown(() => reusePortProgram(steering as ReusePortSteering)).message;
    expect(refused({ by: "roundRobin", sockets: 2 })).toBe(
      'The "steering.by" argument must be "cpu", "queue", "random" or "payload". Classic BPF remembers nothing from packet to ' +
        'packet, so it can\'t take turns: take "random" for that. Received type string ("roundRobin")',
    );
    expect(refused({ by: "cpu", sockets: 0 })).toBe(
      'The value of "steering.sockets" is out of range. It must be >= 1 && <= 65535. Received 0',
    );
    expect(refused({ by: "cpu" })).toBe(
      'The "steering.sockets" argument must be of type number. Received undefined',
    );
    expect(refused({ by: "payload", sockets: 2 })).toBe(
      'The "steering.offset" argument must be of type number. Received undefined',
    );
    expect(refused({ by: "payload", sockets: 2, offset: 0, length: 3 })).toBe(
      'The "steering.length" argument must be 1, 2 or 4. Received type number (3)',
    );
    expect(refused({ by: "cpu", sockets: 2, offset: 0 })).toBe(
      'The "steering.offset" argument is only for by: "payload"',
    );
    expect(refused({ by: "cpu", socket: 2 })).toBe(
      'The "steering" argument has no property "socket". Did you mean "sockets"?',
    );
  });
});
