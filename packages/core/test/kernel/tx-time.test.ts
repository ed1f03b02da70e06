import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_INET, SOCK_DGRAM } from "../../src/constants/index.js";
import { enableTxTime, now, type Socket, TransmitTimestamps } from "../../src/index.js";
import { errorReport } from "../../src/socket/error-report.js";
import { withSockets } from "../support/counted.js";
import { next, nextError } from "../support/sockets.js";
import { isEmulated } from "../support/target.js";
import { valueIn } from "./control.js";
import { discipline } from "./links.js";
import { namespace } from "./namespace.js";
import type { Missing } from "./proves.js";

const MILLISECOND = 1_000_000n;

/** A test that needs a queueing discipline. */
function check(title: string, missing: Missing, body: () => unknown): void {
  const reason = isEmulated() ? "user-mode emulation gets this wrong" : missing;
  if (reason !== undefined) {
    console.info(`skipped: ${title}: ${reason}`);
    test.skip(`${title} (skipped: ${reason})`, () => {});
    return;
  }
  test(title, () => withSockets(body));
}

/** A UDP socket in a namespace whose loopback interface has this queueing discipline. It sends to itself. */
async function socketBehind(queueing: string): Promise<Socket> {
  const there = await namespace();
  there.run(`tc qdisc add dev lo root ${queueing}`);
  const at = encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 0 });
  return there.open(AF_INET, SOCK_DGRAM, 0, { at, receive: ["timestampNsOld"] });
}

/** How far the clock of timestamps is ahead of another one. The real value is at most this one. */
const ahead = (clock: "monotonic" | "tai"): bigint => {
  const time = now(clock);
  return now("realtime") - time;
};

describe("sending at a given time", () => {
  check(
    "with fq, messages with swapped times arrive in the order of their times",
    discipline("fq"),
    async () => {
      const socket = await socketBehind("fq");
      enableTxTime(socket);
      const address = socket.getsockname();
      const send = (data: string, time: bigint) =>
        socket.sendmsg({ data, address, control: [{ name: "txTime", value: time }] });
      // The kernel begins to take arrival times for all packets once they have been switched on for a while.
      await send("warm", now("monotonic"));
      await next(socket);
      const start = now("monotonic") + 500n * MILLISECOND;
      const times = { third: start + 60n * MILLISECOND, second: start + 30n * MILLISECOND, first: start };
      for (const [data, time] of Object.entries(times)) await send(data, time);
      const received: string[] = [];
      for (let i = 0; i < 3; i++) {
        const { data, control } = await next(socket);
        received.push(String(data));
        const arrived = valueIn({ control }, "timestampNsOld") - ahead("monotonic");
        // The two clocks can run apart a little (NTP).
        expect(arrived).toBeGreaterThanOrEqual(times[String(data) as keyof typeof times] - MILLISECOND);
      }
      expect(received).toEqual(["first", "second", "third"]);
    },
  );

  check("with fq, TransmitTimestamps tells when the message really left", discipline("fq"), async () => {
    const socket = await socketBehind("fq");
    enableTxTime(socket);
    const timestamps = new TransmitTimestamps(socket, { events: ["scheduled", "sent"], timeout: 60_000 });
    const time = now("monotonic") + 300n * MILLISECOND;
    const control = [{ name: "txTime", value: time }] as const;
    const { scheduled, sent } = await timestamps.sendmsg({
      data: "x",
      address: socket.getsockname(),
      control,
    });
    expect(sent! - ahead("monotonic")).toBeGreaterThanOrEqual(time - MILLISECOND);
    expect(sent!).toBeGreaterThan(scheduled!);
  });

  check(
    "with etf, a message whose time has passed is reported",
    discipline("etf clockid CLOCK_TAI"),
    async () => {
      const socket = await socketBehind("etf clockid CLOCK_TAI delta 1000000000");
      enableTxTime(socket, { clock: "tai" });
      const address = socket.getsockname();
      const time = now("tai") - MILLISECOND;
      const control = [{ name: "txTime", value: time }] as const;
      await socket.sendmsg({ data: "late", address, control });
      expect(errorReport(await nextError(socket))).toMatchObject({
        kind: "txTime",
        reason: "invalid",
        txTime: time,
      });
      // etf lets the message go `delta` before its time, which is so long here because an emulated machine can be late.
      const later = [{ name: "txTime", value: now("tai") + 2_000n * MILLISECOND }] as const;
      await socket.sendmsg({ data: "in time", address, control: later });
      const message = await next(socket);
      expect(String(message.data)).toBe("in time");
    },
  );
});
