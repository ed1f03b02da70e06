import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { AF_UNIX, SOCK_DGRAM } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { type UdpPacket, UdpSocket } from "../../src/udp/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { skipUnless } from "../support/skip-unless.js";
import { open } from "../support/sockets.js";
import { isEmulated } from "../support/target.js";
import { bound, ends, next, WAYS } from "./ways.js";

afterEach(closeAll);

const IPV4 = WAYS[0]!;
const LOOPBACK = { address: "127.0.0.1", port: 0 };

/** The text on one line. */
const text = (value: unknown): string =>
  inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: 100 });

describe("receiving", () => {
  it("returns nothing at once if nothing is there", async () => {
    const socket = await bound("127.0.0.1");
    expect(socket.tryReceive()).toBeUndefined();
  });

  it("keeps the order of several receives", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    const receives = [next(receiver), next(receiver)];
    for (const data of ["first", "second"]) await sender.send({ data, address });
    expect((await Promise.all(receives)).map(({ data }) => String(data))).toEqual(["first", "second"]);
  });

  it("can be aborted, and consumes nothing then", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    const controller = new AbortController();
    const receiving = receiver.receive({ signal: controller.signal });
    controller.abort();
    expect(await rejection(receiving)).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    await sender.send({ data: "x", address });
    expect(String((await next(receiver)).data)).toBe("x");
  });

  it("iterates until the socket is closed", async () => {
    await counted(async () => {
      const { receiver, sender, address } = await ends(IPV4);
      for (const data of ["a", "b", "c"]) await sender.send({ data, address });
      const received: string[] = [];
      for await (const { data } of receiver) {
        received.push(String(data));
        if (received.length === 3) receiver.close();
      }
      expect(received).toEqual(["a", "b", "c"]);
      await closeAll();
    });
  });

  it("iterates until a signal, or until the program leaves the loop, which does not close the socket", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    await sender.send({ data: "a", address });
    for await (const packet of receiver.packets()) {
      expect(String(packet.data)).toBe("a");
      break;
    }
    expect(receiver.closed).toBe(false);
    const ended = receiver.packets({ signal: AbortSignal.abort() }).next();
    expect(await rejection(ended)).toMatchObject({ name: "AbortError" });
  });

  skipUnless("user-mode emulation delivers no ICMP reports", !isEmulated())(
    "passes over ICMP reports in a loop, and tells onError of them",
    async () => {
      const gone = await bound("127.0.0.1");
      const { port } = gone.getsockname();
      await gone.close();
      const socket = own(await UdpSocket.connect({ address: "127.0.0.1", port }));
      const errors: string[] = [];
      const iterating = socket
        .packets({
          onError: ({ code }) => {
            errors.push(code);
            socket.close();
          },
        })
        .next();
      await socket.send({ data: "x" });
      expect(await iterating).toEqual({ done: true, value: undefined });
      expect(errors).toEqual(["ECONNREFUSED"]);
    },
  );

  it("says so if the socket below was shut down for reading", async () => {
    const socket = await bound("127.0.0.1");
    await socket.connect(socket.getsockname());
    await socket.socket.shutdown("read");
    expect(await rejection(socket.receive())).toMatchObject({
      code: "ERR_INVALID_STATE",
      message: "The socket was shut down for reading",
    });
    expect(thrown(() => socket.tryReceive()).code).toBe("ERR_INVALID_STATE");
  });
});

describe("sending", () => {
  it("rejects after the socket was closed", async () => {
    const socket = await bound("127.0.0.1");
    await socket.close();
    expect(socket.closed).toBe(true);
    const error = await rejection(socket.send({ data: "x", address: { address: "127.0.0.1", port: 9 } }));
    expect(error).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
    expect(await rejection(socket.receive())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
  });

  it("sends an empty packet, and a list of pieces", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    expect(await sender.send({ address })).toEqual({ bytes: 0 });
    expect(await sender.send({ data: ["a", Buffer.from("b")], address, ecn: 1 })).toEqual({ bytes: 2 });
    expect((await next(receiver)).data).toHaveLength(0);
    expect(String((await next(receiver)).data)).toBe("ab");
  });

  it("fails with EMSGSIZE if the packet is too long", async () => {
    const { sender, address } = await ends(IPV4);
    const error = await rejection(sender.send({ data: Buffer.alloc(65_536), address, ecn: 1 }));
    expect(error).toMatchObject({ code: "EMSGSIZE", bytesSent: 0 });
  });

  it("follows a socket that is connected anew to the other version of IP", async () => {
    const [four, six] = [await bound("127.0.0.1"), await bound("::1")];
    const socket = await bound("::");
    for (const [peer, address] of [
      [six, "::1"],
      [four, "::ffff:127.0.0.1"],
    ] as const) {
      await socket.connect({ address, port: peer.getsockname().port });
      await socket.send({ data: "x", ecn: 2, dscp: 3 });
      expect(await next(peer)).toMatchObject({ ecn: 2, dscp: 3 });
    }
  });

  it("waits for room with writable()", async () => {
    const { sender } = await ends(IPV4);
    await sender.writable();
  });
});

describe("a UdpSocket of a Socket", () => {
  it("takes a socket that was taken over, and closes with it", async () => {
    await counted(async () => {
      const socket = await Socket.bind(LOOPBACK);
      const udp = UdpSocket.from(Socket.from(socket.detach()));
      const { port } = udp.getsockname();
      const sender = own(await UdpSocket.connect({ address: "127.0.0.1", port }));
      await sender.send({ data: "x", ecn: 2 });
      expect(await next(udp)).toMatchObject({ ecn: 2, destination: "127.0.0.1" });
      await udp.close();
      expect(udp.socket.closed).toBe(true);
      await closeAll();
    });
  });

  it("refuses what is no UDP socket", async () => {
    const message = 'The "socket" argument must be a UDP socket';
    const stream = own(Socket.open({ family: "ipv4", type: "stream" }));
    for (const socket of [open(AF_UNIX, SOCK_DGRAM), stream]) {
      expect(thrown(() => UdpSocket.from(socket))).toMatchObject({
        message,
        code: "ERR_INVALID_ARG_VALUE",
        argument: "socket",
      });
    }
    expect(thrown(() => UdpSocket.from(3 as never)).message).toBe(
      'The "socket" argument must be an instance of Socket. Received type number (3). Write UdpSocket.from(Socket.from(…))',
    );
  });
});

describe("a socket that can't be made", () => {
  it("leaves no descriptor open", async () => {
    await counted(async () => {
      const taken = await UdpSocket.bind(LOOPBACK);
      const { port } = taken.getsockname();
      const error = await rejection(UdpSocket.bind({ address: "127.0.0.1", port }));
      expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "bind", port });
      const signal = AbortSignal.abort();
      for (const call of ["bind", "connect"] as const) {
        const aborted = UdpSocket[call]({ address: "127.0.0.1", port }, { signal });
        expect(await rejection(aborted)).toMatchObject({ code: "ABORT_ERR" });
      }
      await taken.close();
    });
  });
});

describe("options of a new socket", () => {
  it("set the buffers, the port's sharing and the versions of IP", async () => {
    const options = { rcvBuf: 20_000, sndBuf: 30_000, reusePort: true };
    const first = await bound("127.0.0.1", options);
    // The kernel doubles both sizes: socket(7).
    expect(first.socket.options.get("rcvBuf")).toBe(40_000);
    expect(first.socket.options.get("sndBuf")).toBe(60_000);
    const { port } = first.getsockname();
    own(await UdpSocket.bind({ address: "127.0.0.1", port }, { reusePort: true }));
    const only = await bound("::", { ipv6Only: true });
    expect(only.socket.options.get("ipv6V6Only")).toBe(true);
  });
});

describe("console.log()", () => {
  it("shows a socket's number, addresses and path MTU discovery", async () => {
    const socket = await bound("127.0.0.1", { pathMtuDiscovery: "probe" });
    const { port } = socket.getsockname();
    const local = `local: { family: 'ipv4', address: '127.0.0.1', port: ${port} }`;
    expect(text(socket)).toBe(`UdpSocket { fd: ${socket.socket.fd}, ${local}, pathMtuDiscovery: 'probe' }`);
    await socket.connect(socket.getsockname());
    expect(text(socket)).toContain(`, peer: { family: 'ipv4', address: '127.0.0.1', port: ${port} }`);
    await socket.close();
    expect(text(socket)).toBe("UdpSocket { closed: true }");
  });

  it("shows the facts that a packet has", async () => {
    const { receiver, sender, address } = await ends(IPV4, { destination: false });
    await sender.send({ data: "x", address, ecn: 2, hopLimit: 7 });
    const packet: UdpPacket = await next(receiver);
    const from = `{ family: 'ipv4', address: '127.0.0.1', port: ${sender.getsockname().port} }`;
    expect(text(packet)).toBe(
      `UdpPacket { data: <Buffer 78>, address: ${from}, ecn: 2, dscp: 0, hopLimit: 7 }`,
    );
  });
});

it("closes with await using", async () => {
  const socket = await UdpSocket.bind(LOOPBACK);
  await socket[Symbol.asyncDispose]();
  expect(socket.closed).toBe(true);
});

it("lets the process exit while a receive waits, after unref()", async () => {
  const socket = await bound("127.0.0.1");
  expect(socket.unref()).toBe(socket);
  expect(socket.ref()).toBe(socket);
});
