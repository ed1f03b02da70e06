import { afterEach, describe, expect, vi } from "vitest";
import {
  AF_PACKET,
  SOCK_DGRAM,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../../src/constants/index.js";
import {
  type ControlMessage,
  errorReport,
  type MessageSocket,
  now,
  Socket,
  type StampedSend,
  TransmitTimestamps,
} from "../../src/index.js";
import * as kernelVersion from "../../src/kernel-version.js";
import { errorQueueOf } from "../../src/socket.js";
import { closeAll, own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { withDeadPeer } from "../support/dead-peer.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { next, nextError, open, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { isEmulated, isRoot, kernelIsAtLeast } from "../support/target.js";
import { turn, until } from "../support/waiting.js";

/** What a device without timestamps does: the library asks for none. */
const NO_FLAGS = { name: "timestampingFlagsOld", value: 0 } as const;

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

const check = (title: string, body: () => unknown) => onRealKernel(title, () => withSockets(body));

/** A UDP socket, and another one that is connected to it. */
async function pair(): Promise<[sender: Socket, receiver: Socket]> {
  const { socket: receiver, at } = await udp4();
  return [own(await Socket.connect(at, { type: "dgram" })), receiver];
}

/** Takes the library's request for timestamps out of each message, as if the device made none. */
function withoutStamps(socket: Socket): void {
  const { sendmsg, trySendmsg } = socket;
  const strip = (message: Parameters<MessageSocket["sendmsg"]>[0]) => ({
    ...message,
    control: message.control!.map((item) => (item.name === NO_FLAGS.name ? NO_FLAGS : item)),
  });
  vi.spyOn(socket, "sendmsg").mockImplementation((message, options) =>
    sendmsg.call(socket, strip(message), options),
  );
  vi.spyOn(socket, "trySendmsg").mockImplementation((message) => trySendmsg.call(socket, strip(message)));
}

/** Makes the library behave as on a kernel of this version. */
function asOnLinux(version: string): void {
  const { kernelIsOlderThan } = kernelVersion;
  vi.spyOn(kernelVersion, "kernelIsOlderThan").mockImplementation((since) =>
    kernelIsOlderThan(since, version),
  );
}

function expectBetween(time: bigint | undefined, from: bigint, to: bigint): void {
  expect(time).toBeGreaterThanOrEqual(from);
  expect(time).toBeLessThanOrEqual(to);
}

describe("TransmitTimestamps", () => {
  for (const [name, udp] of [
    ["IPv4", udp4],
    ["IPv6", udp6],
  ] as const) {
    check(`tells when a datagram left, by ${name}`, async () => {
      const { socket, at } = await udp(["timestampNs"]);
      const timestamps = new TransmitTimestamps(socket);
      // The kernel takes an arrival time when the message is received, until it takes them for all packets.
      await socket.sendmsg({ data: "the first", address: at });
      await next(socket);
      const before = now("realtime");
      const { bytes, sent, ...more } = await timestamps.sendmsg({ data: "hello", address: at });
      expect(bytes).toBe(5);
      expect(more).toEqual({});
      expectBetween(sent, before, now("realtime"));
      const { control } = await next(socket);
      const arrived = control.find((item) => item.name === "timestampNs")?.value as bigint;
      expect(arrived).toBeGreaterThanOrEqual(sent!);
    });
  }

  check("tells when a datagram entered the packet scheduler, too", async () => {
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket, { events: ["scheduled", "sent"] });
    const { scheduled, sent } = await timestamps.sendmsg({ data: "x", address: at });
    expect(sent).toBeGreaterThanOrEqual(scheduled!);
  });

  check("gives each of many datagrams its own time, in the order of the sends", async () => {
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket);
    const sends: Promise<StampedSend>[] = [];
    const around: bigint[] = [now("realtime")];
    for (let i = 0; i < 50; i++) {
      sends.push(timestamps.sendmsg({ data: "x", address: at }));
      around.push(now("realtime"));
    }
    expect(timestamps.pending).toBeLessThanOrEqual(50);
    // Over the loopback interface, a datagram leaves within the system call.
    for (const [i, { sent }] of (await Promise.all(sends)).entries()) {
      expectBetween(sent, around[i]!, around[i + 1]!);
    }
    expect(timestamps.pending).toBe(0);
    expect(timestamps.missed).toBe(0);
  });

  skipUnless(
    "the kernel takes a number for each message since Linux 6.13",
    kernelIsAtLeast(6, 13) && !isEmulated(),
  )("gives a message of many datagrams one time, even if it goes in several system calls", async () => {
    const { socket, at } = await udp4();
    socket.options.set("rcvBuf", 1 << 20);
    const timestamps = new TransmitTimestamps(socket);
    const data = Buffer.alloc(150_000);
    const before = now("realtime");
    const { bytes, sent } = await timestamps.sendmsg({ data, segmentSize: 1000, address: at });
    expect(bytes).toBe(data.length);
    expectBetween(sent, before, now("realtime"));
    expect(timestamps.missed).toBe(0);
    // The reports of the other calls are not the program's.
    const entry = socket.recvError();
    expect(await isSettled(entry)).toBe(false);
    await socket.close();
    await rejection(entry);
  });

  check("tells when TCP bytes left, and when the peer acknowledged them", async () => {
    const [client, server] = await tcp();
    // What was sent before does not matter.
    await client.sendmsg({ data: "before" });
    const timestamps = new TransmitTimestamps(client, { events: ["scheduled", "sent", "acknowledged"] });
    for (const data of ["one", "and two", "3"]) {
      const before = now("realtime");
      const { bytes, scheduled, sent, acknowledged } = await timestamps.sendmsg({ data });
      expect(bytes).toBe(data.length);
      expectBetween(scheduled, before, sent!);
      expectBetween(acknowledged, sent!, now("realtime"));
    }
    expect(String((await next(server)).data)).toBe("beforeoneand two3");
  });

  check("tells TCP sends apart that overlap", async () => {
    const [client] = await tcp();
    const timestamps = new TransmitTimestamps(client, { events: ["sent", "acknowledged"] });
    const sends = [];
    for (let i = 1; i <= 20; i++) sends.push(timestamps.sendmsg({ data: "x".repeat(i) }));
    const times = await Promise.all(sends);
    for (const [i, { bytes, sent, acknowledged }] of times.entries()) {
      expect(bytes).toBe(i + 1);
      expect(acknowledged).toBeGreaterThanOrEqual(sent!);
      if (i > 0) expect(sent).toBeGreaterThanOrEqual(times[i - 1]!.sent!);
    }
    expect(timestamps.missed).toBe(0);
  });

  check(
    "counts on as it should if the kernel takes TCP bytes in parts, and if a send is aborted",
    async () => {
      const [client, server] = await tcp();
      const timestamps = new TransmitTimestamps(client, { timeout: 60_000 });
      const data = Buffer.alloc(16 << 20);
      const controller = new AbortController();
      const long = timestamps.sendmsg({ data });
      const aborted = rejection(timestamps.sendmsg({ data: "never sent" }, { signal: controller.signal }));
      const last = timestamps.sendmsg({ data: "last" });
      controller.abort();
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
      for (let left = data.length + "last".length; left > 0; ) left -= (await next(server)).data.length;
      const [first, second] = await Promise.all([long, last]);
      expect(first.bytes).toBe(data.length);
      expect(second.sent).toBeGreaterThanOrEqual(first.sent!);
      expect(timestamps.missed).toBe(0);
    },
  );

  check("resolves at once for TCP if there are no bytes", async () => {
    const [client] = await tcp();
    const timestamps = new TransmitTimestamps(client);
    expect(await timestamps.sendmsg({ data: "" })).toEqual({ bytes: 0 });
    expect(await timestamps.sendmsg({ data: "x" })).toMatchObject({ bytes: 1, sent: expect.any(BigInt) });
    expect(timestamps.missed).toBe(0);
  });

  skipUnless("AF_PACKET needs CAP_NET_RAW", isRoot && !isEmulated())(
    "tells when a packet socket's frame left",
    async () => {
      const LOOPBACK = 1;
      const socket = open(AF_PACKET, SOCK_DGRAM);
      const timestamps = new TransmitTimestamps(socket);
      const address = {
        family: "packet",
        protocol: 0x88b5,
        interface: LOOPBACK,
        address: "00:00:00:00:00:00",
      } as never;
      for (let i = 0; i < 2; i++) {
        const before = now("realtime");
        const { sent } = await timestamps.sendmsg({ data: "a frame", address });
        expectBetween(sent, before, now("realtime"));
      }
    },
  );

  describe("a timestamp that does not come", () => {
    check("is missing in the result after the timeout", async () => {
      const [sender] = await pair();
      withoutStamps(sender);
      const timestamps = new TransmitTimestamps(sender, { timeout: 20 });
      const sends = [timestamps.sendmsg({ data: "x" }), timestamps.sendmsg({ data: "yz" })];
      await Promise.resolve();
      expect(timestamps.pending).toBe(2);
      expect(await Promise.all(sends)).toEqual([{ bytes: 1 }, { bytes: 2 }]);
      expect(timestamps.missed).toBe(2);
      expect(timestamps.pending).toBe(0);
    });

    check("makes the oldest send wait no longer once more than `limit` wait", async () => {
      const [sender] = await pair();
      withoutStamps(sender);
      const timestamps = new TransmitTimestamps(sender, { timeout: 1_000_000, limit: 2 });
      const sends = [1, 2, 3].map((i) => timestamps.sendmsg({ data: "x".repeat(i) }));
      expect(await sends[0]).toEqual({ bytes: 1 });
      expect(timestamps.pending).toBe(2);
      expect(await isSettled(sends[1]!)).toBe(false);
      timestamps.close();
      expect(await Promise.all(sends)).toEqual([{ bytes: 1 }, { bytes: 2 }, { bytes: 3 }]);
    });

    check(
      "rejects with ERR_SENDMSG_CLOSED when the socket closes, and says that the message has gone",
      async () => {
        const [sender] = await pair();
        withoutStamps(sender);
        const timestamps = new TransmitTimestamps(sender, { timeout: 1_000_000 });
        const waiting = rejection(timestamps.sendmsg({ data: "four" }));
        await turn();
        await sender.close();
        expect(await waiting).toMatchObject({
          code: "ERR_SENDMSG_CLOSED",
          message: "The socket is closed",
          bytesSent: 4,
        });
        expect(await rejection(timestamps.sendmsg({ data: "x" }))).toMatchObject({
          code: "ERR_SENDMSG_CLOSED",
          bytesSent: 0,
        });
        timestamps.close();
      },
    );

    check(
      "rejects with an AbortError when the signal aborts, and says that the message has gone",
      async () => {
        const [sender] = await pair();
        withoutStamps(sender);
        const timestamps = new TransmitTimestamps(sender, { timeout: 1_000_000 });
        const controller = new AbortController();
        const waiting = rejection(timestamps.sendmsg({ data: "four" }, { signal: controller.signal }));
        await turn();
        controller.abort("enough");
        expect(await waiting).toMatchObject({ code: "ABORT_ERR", cause: "enough", bytesSent: 4 });
        expect(timestamps.pending).toBe(0);
        expect(
          await rejection(timestamps.sendmsg({ data: "x" }, { signal: controller.signal })),
        ).toMatchObject({
          code: "ABORT_ERR",
          bytesSent: 0,
        });
      },
    );

    check("keeps the socket from being given up meanwhile", async () => {
      const [sender] = await pair();
      withoutStamps(sender);
      const timestamps = new TransmitTimestamps(sender, { timeout: 1_000_000 });
      const waiting = timestamps.sendmsg({ data: "x" });
      await turn();
      expect(thrown(() => sender.detach()).code).toBe("ERR_INVALID_STATE");
      timestamps.close();
      await waiting;
      sender.detach().close();
    });
  });

  check("rejects a send that fails, as the socket's own does", async () => {
    const [sender] = await pair();
    const timestamps = new TransmitTimestamps(sender);
    const error = await rejection(timestamps.sendmsg({ data: Buffer.alloc(70_000) }));
    expect(error).toMatchObject({ code: "EMSGSIZE", syscall: "sendmsg", bytesSent: 0 });
    expect(timestamps.pending).toBe(0);
    expect(await timestamps.sendmsg({ data: "x" })).toMatchObject({ sent: expect.any(BigInt) });
  });

  check("leaves the other entries of the error queue to socket.errors()", async () => {
    await withDeadPeer(true, async (socket) => {
      const timestamps = new TransmitTimestamps(socket);
      const reports = socket.errors();
      const first = reports.next();
      const { sent } = await timestamps.sendmsg({ data: "lost" });
      expect(sent).toEqual(expect.any(BigInt));
      expect((await first).value).toMatchObject({ kind: "undelivered", code: "ECONNREFUSED" });
      expect(socket.errorsDropped).toBe(0);
      // A message that was sent without timestamps has no report of them.
      await socket.sendmsg({ data: "lost" });
      expect((await reports.next()).value).toMatchObject({ kind: "undelivered" });
    });
  });

  skipUnless("the kernel's counter is not needed since Linux 6.13", kernelIsAtLeast(6, 13) && !isEmulated())(
    "leaves the timestamps of other sends to socket.errors()",
    async () => {
      const { socket, at } = await udp4();
      const timestamps = new TransmitTimestamps(socket);
      const control = [{ name: "timestampingFlags", value: SOF_TIMESTAMPING_TX_SOFTWARE }] as const;
      await socket.sendmsg({ data: "x", address: at, control });
      await timestamps.sendmsg({ data: "y", address: at });
      expect(errorReport(await nextError(socket))).toMatchObject({ kind: "timestamp", event: "sent", id: 0 });
    },
  );

  check("does not let the reports of its own sends fill the program's list", async () => {
    const [sender, receiver] = await pair();
    const timestamps = new TransmitTimestamps(sender);
    for (let i = 0; i < 1100; i++) {
      await timestamps.sendmsg({ data: "x" });
      receiver.tryRecvmsg();
    }
    expect(sender.errorsDropped).toBe(0);
    expect(await isSettled(sender.recvError({ signal: AbortSignal.timeout(1) }).catch(() => {}))).toBe(false);
    await turn();
  });

  check("takes a report that comes after its send has given up", async () => {
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket, { timeout: 1_000_000, limit: 1 });
    const waiting = [1, 2, 3].map(() => timestamps.sendmsg({ data: "x", address: at }));
    // Each send makes the one before give way, before the event loop has read its report.
    await Promise.all(waiting);
    expect(timestamps.missed).toBe(2);
    const entry = socket.recvError();
    expect(await isSettled(entry)).toBe(false);
    await socket.close();
    await rejection(entry);
  });

  describe("close()", () => {
    check("restores SO_TIMESTAMPING, and another one can have the socket", async () => {
      const { socket, at } = await udp4();
      const before = SOF_TIMESTAMPING_OPT_TSONLY;
      socket.options.set("timestampingOld", before);
      const timestamps = new TransmitTimestamps(socket);
      expect(socket.options.get("timestampingOld")).toBe(
        SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_SOFTWARE,
      );
      expect(thrown(() => new TransmitTimestamps(socket))).toMatchObject({
        code: "ERR_INVALID_STATE",
        message: "Another TransmitTimestamps has this socket: close() it first",
      });
      timestamps.close();
      timestamps.close();
      expect(socket.options.get("timestampingOld")).toBe(before);
      expect(await rejection(timestamps.sendmsg({ data: "x", address: at }))).toMatchObject({
        code: "ERR_SENDMSG_CLOSED",
        message: "The TransmitTimestamps is closed",
        bytesSent: 0,
      });
      const other = new TransmitTimestamps(socket);
      expect((await other.sendmsg({ data: "x", address: at })).sent).toEqual(expect.any(BigInt));
      other[Symbol.dispose]();
      expect(socket.options.get("timestampingOld")).toBe(before);
    });

    check("keeps the width of the timestamps that the socket receives", async () => {
      const { socket, at } = await udp4(["timestampingOld"]);
      const timestamps = new TransmitTimestamps(socket);
      // The kernel begins to take arrival times after a delay.
      let control: readonly ControlMessage[];
      do {
        await timestamps.sendmsg({ data: "x", address: at });
        control = (await next(socket)).control;
      } while (control.length === 0);
      expect(control[0]!.name).toBe("timestampingOld");
      timestamps.close();
      await socket.sendmsg({ data: "x", address: at });
      expect((await next(socket)).control[0]?.name).toBe("timestampingOld");
    });
  });

  describe("refuses", () => {
    check("what has no transmit timestamps, and wrong options", async () => {
      const [a] = unix("dgram");
      expect(thrown(() => new TransmitTimestamps(a)).message).toBe(
        'The "socket" argument must be a TCP, UDP, raw or packet socket: others make no timestamps here',
      );
      expect(thrown(() => new TransmitTimestamps({} as never))).toMatchObject({
        message:
          'The "socket" argument must be a Socket. Received an instance of Object. Of a UdpSocket, give its socket',
      });
      const { socket, at } = await udp4();
      const messages = [
        { events: [] },
        { events: ["send"] },
        { events: ["acknowledged"] },
        { events: "sent" },
        { timeout: 0 },
        { limit: 0 },
        { time: 1 },
      ].map((options) => thrown(() => new TransmitTimestamps(socket, options as never)).message);
      expect(messages).toEqual([
        'The "options.events" argument must not be empty',
        'The "options.events[0]" argument must be "scheduled", "sent" or "acknowledged". Received type string ("send")',
        'The "options.events[0]" argument must not be "acknowledged": only TCP peers acknowledge',
        'The "options.events" argument must be an instance of Array. Received type string ("sent")',
        'The value of "options.timeout" is out of range. It must be >= 1 && <= 2147483647. Received 0',
        'The value of "options.limit" is out of range. It must be >= 1 && <= 1048576. Received 0',
        'The "options" argument has no option "time". It can have "events", "timeout" and "limit"',
      ]);
      expect(errorQueueOf(socket).taker).toBe(undefined);
      const timestamps = new TransmitTimestamps(socket);
      const given = [{ name: "tsOptId", value: 1 }] as const;
      expect(await rejection(timestamps.sendmsg({ data: "x", address: at, control: given }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        message: 'The "message.control[0]" argument must not be "tsOptId": TransmitTimestamps gives it',
        bytesSent: 0,
      });
      expect((await rejection(timestamps.sendmsg("x" as never))).message).toBe(
        'The "message" argument must be of type object. Received type string ("x"). Write sendmsg({ data: … })',
      );
      await socket.close();
      expect(thrown(() => new TransmitTimestamps(socket)).code).toBe("ERR_SENDMSG_CLOSED");
    });

    check("a TCP socket that is not connected, and one whose bytes the kernel counts already", async () => {
      const unconnected = own(Socket.open({ family: "ipv4", type: "stream" }));
      expect(thrown(() => new TransmitTimestamps(unconnected))).toMatchObject({
        code: "ENOTCONN",
        syscall: "getpeername",
      });
      const [client] = await tcp();
      client.options.set("timestampingOld", SOF_TIMESTAMPING_OPT_ID);
      expect(thrown(() => new TransmitTimestamps(client))).toMatchObject({
        code: "ERR_INVALID_STATE",
        message:
          "The socket already has SOF_TIMESTAMPING_OPT_ID: the kernel's counter can begin only once. Switch it off first",
      });
    });
  });
});

describe("on older kernels", () => {
  check("the kernel's counter numbers the datagrams", async () => {
    asOnLinux("6.12.0");
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket);
    const around = [now("realtime")];
    const sends = [];
    for (let i = 0; i < 20; i++) {
      sends.push(timestamps.sendmsg({ data: "x", address: at }));
      around.push(now("realtime"));
    }
    for (const [i, { sent }] of (await Promise.all(sends)).entries()) {
      expectBetween(sent, around[i]!, around[i + 1]!);
    }
    expect(timestamps.missed).toBe(0);
  });

  check("a failed send does not confuse the numbers, whether or not the kernel has counted it", async () => {
    asOnLinux("6.12.0");
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket, { timeout: 60_000 });
    const { trySendmsg } = socket;
    // Each failure takes a number, or two, or none: messages that the caller does not know of.
    for (const taken of [0, 1, 2]) {
      const spy = vi.spyOn(socket, "trySendmsg").mockImplementationOnce((message) => {
        for (let i = 0; i < taken; i++) trySendmsg.call(socket, message);
        throw Object.assign(new Error("ENOBUFS"), { code: "ENOBUFS" });
      });
      expect((await rejection(timestamps.sendmsg({ data: "x", address: at }))).code).toBe("ENOBUFS");
      spy.mockRestore();
      // The reports of the messages that nobody knows of.
      await turn();
      await turn();
      const around = [now("realtime")];
      const sends = [];
      for (let i = 0; i < 3; i++) sends.push(timestamps.sendmsg({ data: "x", address: at }));
      const times = await Promise.all(sends);
      around.push(now("realtime"));
      for (const { sent } of times) expectBetween(sent, around[0]!, around[1]!);
    }
    expect(timestamps.missed).toBe(0);
  });

  check("a message of several datagrams is refused, because the kernel may number its parts", async () => {
    asOnLinux("6.12.0");
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket);
    expect(await rejection(timestamps.sendmsg({ data: "four", segmentSize: 2, address: at }))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message:
        'The "message.segmentSize" argument needs Linux 6.13 here: the kernel may number the parts of the message, and nobody ' +
        "knows how many there are",
      bytesSent: 0,
    });
  });

  check("a send that finds no room waits for its turn", async () => {
    asOnLinux("6.12.0");
    const { socket, at } = await udp4();
    const timestamps = new TransmitTimestamps(socket, { timeout: 60_000 });
    const spy = vi.spyOn(socket, "trySendmsg").mockImplementationOnce(() => undefined);
    const sends = [1, 2, 3].map((i) => timestamps.sendmsg({ data: "x".repeat(i), address: at }));
    expect((await Promise.all(sends)).map(({ bytes, sent }) => [bytes, typeof sent])).toEqual([
      [1, "bigint"],
      [2, "bigint"],
      [3, "bigint"],
    ]);
    expect(spy).toHaveBeenCalledTimes(4);
    expect((await next(socket)).data.length).toBe(1);
    expect(timestamps.missed).toBe(0);
  });

  check("TCP's counter begins behind the bytes that the peer has not acknowledged", async () => {
    asOnLinux("6.1.0");
    const [client, server] = await tcp();
    // Fills both buffers, so that bytes stay unacknowledged.
    while (client.trySendmsg({ data: Buffer.alloc(1 << 20) }) !== undefined);
    const timestamps = new TransmitTimestamps(client, { timeout: 60_000, events: ["acknowledged"] });
    let isOver = false;
    const send = timestamps.sendmsg({ data: "last" }).finally(() => {
      isOver = true;
    });
    await until(() => server.tryRecvmsg() === undefined && isOver);
    expect(await send).toEqual({ bytes: 4, acknowledged: expect.any(BigInt) });
  });
});
