import { describe, expect } from "vitest";
import {
  SCM_TSTAMP_ACK,
  SCM_TSTAMP_SCHED,
  SCM_TSTAMP_SND,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPING_OLD,
  SOF_TIMESTAMPING_OPT_CMSG,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_STATS,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
  TCP_NLA_BUSY,
  TCP_NLA_SND_CWND,
} from "../../src/constants/index.js";
import type { ControlName } from "../../src/control/index.js";
import type { Message, Socket } from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { next, nextError, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { since } from "./missing.js";
import { proves } from "./proves.js";

const now = () => BigInt(Date.now()) * 1_000_000n;
const MILLISECOND = 1_000_000n;

/** Sends until a message has this control message, because the kernel begins to take timestamps after a delay. */
async function stamped(socket: Socket, send: () => Promise<unknown>, name: ControlName): Promise<Message> {
  for (;;) {
    await send();
    const message = await next(socket);
    if (find(message.control, name) !== undefined) return message;
  }
}

/** Checks that `time` is now. */
function expectNow(time: bigint, start: bigint): void {
  expect(time).toBeGreaterThanOrEqual(start - MILLISECOND);
  expect(time).toBeLessThanOrEqual(now() + MILLISECOND);
}

describe("timestamps of what comes", () => {
  const single = [
    ["timestamp", since(5, 1)],
    ["timestampNs", since(5, 1)],
    ["timestampOld", undefined],
    ["timestampNsOld", undefined],
  ] as const;
  for (const [name, missing] of single) {
    proves(name, "receive", missing, async () => {
      const { socket, at } = await udp4([name]);
      const start = now();
      const time = valueIn(
        await stamped(socket, () => socket.sendmsg({ data: "x", address: at }), name),
        name,
      );
      expectNow(time, start);
      if (name === "timestamp" || name === "timestampOld") expect(time % 1000n).toBe(0n);
      // Unix sockets deliver these timestamps, too.
      const [a, b] = unix("dgram", { receive: [name] });
      expectNow(valueIn(await stamped(b, () => a.sendmsg({ data: "x" }), name), name), start);
    });
  }

  for (const [name, missing] of [
    ["timestamping", since(5, 1)],
    ["timestampingOld", undefined],
  ] as const) {
    proves(name, "receive", missing, async () => {
      const { socket, at } = await udp6([name]);
      const start = now();
      const stamps = valueIn(
        await stamped(socket, () => socket.sendmsg({ data: "x", address: at }), name),
        name,
      );
      expectNow(stamps.software, start);
      // The loopback interface has no clock.
      expect(stamps).toMatchObject({ legacy: 0n, hardware: 0n });
    });
  }
});

describe("timestamps of what goes", () => {
  const REPORT = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;

  const perMessage = [
    ["timestampingFlags", "timestamping", SO_TIMESTAMPING_NEW, since(5, 1)],
    ["timestampingFlagsOld", "timestampingOld", SO_TIMESTAMPING_OLD, undefined],
  ] as const;
  for (const [flags, name, option, missing] of perMessage) {
    proves(flags, "send", missing, async () => {
      const { socket, at } = await udp4();
      setsockopt(socket.fd, SOL_SOCKET, option, REPORT | SOF_TIMESTAMPING_OPT_TSONLY);
      await socket.sendmsg({ data: "none is asked for", address: at });
      const start = now();
      const control = [{ name: flags, value: SOF_TIMESTAMPING_TX_SOFTWARE }] as const;
      await socket.sendmsg({ data: "one is asked for", address: at, control });
      const entry = await nextError(socket);
      expectNow(valueIn(entry, name).software, start);
      expect(valueIn(entry, "ipRecvErr")).toMatchObject({
        origin: SO_EE_ORIGIN_TIMESTAMPING,
        info: SCM_TSTAMP_SND,
        // Older kernels count only messages with a timestamp. Since 6.13 or so, they count all messages.
        data: expect.any(Number),
      });
      expect(entry.data).toHaveLength(0);
    });
  }

  proves("tsOptId", "send", since(6, 13), async () => {
    const { socket, at } = await udp6();
    setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, REPORT | SOF_TIMESTAMPING_TX_SOFTWARE);
    for (const id of [7, 0xfedcba98]) {
      await socket.sendmsg({ data: "mine", address: at, control: [{ name: "tsOptId", value: id }] });
      const entry = await nextError(socket);
      expect(valueIn(entry, "ipv6RecvErr")).toMatchObject({ origin: SO_EE_ORIGIN_TIMESTAMPING, data: id });
      // Without OPT_TSONLY, the packet is returned with its headers.
      expect(entry.data.includes("mine")).toBe(true);
    }
  });

  proves("timestampingOptStats", "receive", since(5, 1), async () => {
    const [client] = await tcp();
    const flags = REPORT | SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_STATS;
    setsockopt(client.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags);
    const start = now();
    await client.sendmsg({ data: "0123456789" });
    const entry = await nextError(client);
    expectNow(valueIn(entry, "timestamping").software, start);
    expect(valueIn(entry, "ipRecvErr")).toMatchObject({ info: SCM_TSTAMP_ACK, data: 9 });
    const attributes = valueIn(entry, "timestampingOptStats");
    expect(new Set(attributes.map(({ type }) => type)).size).toBe(attributes.length);
    const sized = Object.fromEntries(attributes.map(({ type, data }) => [type, data.length]));
    expect(sized).toMatchObject({ [TCP_NLA_BUSY]: 8, [TCP_NLA_SND_CWND]: 4 });
  });

  proves("timestamping", "receive", since(5, 1), async () => {
    const { socket, at } = await udp4();
    const flags =
      REPORT |
      SOF_TIMESTAMPING_TX_SOFTWARE |
      SOF_TIMESTAMPING_TX_SCHED |
      SOF_TIMESTAMPING_OPT_TSONLY |
      SOF_TIMESTAMPING_OPT_CMSG;
    setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags);
    const start = now();
    for (let i = 0; i < 3; i++) await socket.sendmsg({ data: "x", address: at });
    const seen: [id: number, what: number][] = [];
    for (let i = 0; i < 6; i++) {
      const entry = await nextError(socket);
      const { info, data } = valueIn(entry, "ipRecvErr");
      seen.push([data, info]);
      expectNow(valueIn(entry, "timestamping").software, start);
    }
    expect(seen.sort()).toEqual(
      [0, 1, 2].flatMap((id) => [
        [id, SCM_TSTAMP_SND],
        [id, SCM_TSTAMP_SCHED],
      ]),
    );
  });
});
