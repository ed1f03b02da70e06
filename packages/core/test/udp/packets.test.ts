import { afterEach, describe, expect, it } from "vitest";
import { MSG_CTRUNC, MSG_TRUNC } from "../../src/constants/index.js";
import { ECN, readPacketInfo } from "../../src/index.js";
import { type UdpMessage, UdpSocket } from "../../src/udp/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { PATIENCE } from "../support/sockets.js";
import { kernelIsAtLeast } from "../support/target.js";
import { bound, ends, next, WAYS } from "./ways.js";

afterEach(closeAll);

const LOOPBACK = 1;
const withSegments = skipUnless("UDP_SEGMENT and UDP_GRO since Linux 5.0", kernelIsAtLeast(5, 0));

describe.each(WAYS)("$name", (way) => {
  it.each<[string, UdpMessage]>([
    ["nothing in particular", {}],
    ["ECN", { ecn: ECN.ect0 }],
    ["congestion", { ecn: ECN.ce }],
    ["DSCP", { dscp: 46 }],
    ["ECN and DSCP", { ecn: ECN.ect1, dscp: 10 }],
    ["the hop limit", { hopLimit: 7 }],
    ["the interface", { interfaceIndex: LOOPBACK }],
    ["all", { ecn: ECN.ect0, dscp: 34, hopLimit: 255, interfaceIndex: LOOPBACK }],
  ])("a packet with %s arrives with the same facts", async (_what, facts) => {
    await counted(async () => {
      const { receiver, sender, address } = await ends(way);
      expect(await sender.send({ data: "x", address, ...facts })).toEqual({ bytes: 1 });
      const packet = await next(receiver);
      const { ecn = 0, dscp = 0, hopLimit = packet.hopLimit } = facts;
      const { destination } = way;
      expect(packet).toMatchObject({
        ...{ ecn, dscp, hopLimit, destination, local: destination },
        ...{ interfaceIndex: LOOPBACK, segmentSize: undefined, timestamp: undefined },
      });
      expect(packet.hopLimit).toBeGreaterThan(0);
      expect(String(packet.data)).toBe("x");
      expect(packet.segments()).toEqual([packet.data]);
      expect(packet.address.port).toBe(sender.getsockname().port);
      await closeAll();
    });
  });

  it("the answer goes to the sender, from the address that the sender knows", async () => {
    const { receiver, sender, address } = await ends(way);
    await sender.send({ data: "question", address });
    const { address: asker, local, interfaceIndex, ecn } = await next(receiver);
    await receiver.send({ data: "answer", address: asker, source: local, interfaceIndex, ecn });
    const answer = await next(sender);
    expect(String(answer.data)).toBe("answer");
    expect(answer.address).toMatchObject({ port: address.port });
    expect(answer.address.address.replace("::ffff:", "")).toBe(way.destination);
  });

  withSegments("datagrams that the kernel has cut and joined have all their facts", async () => {
    const { receiver, sender, address } = await ends(way);
    await sender.send({ data: "aaaabbbbcc", address, segmentSize: 4, ecn: ECN.ect0, dscp: 46 });
    const segments: string[] = [];
    while (segments.join("").length < 10) {
      const message = await receiver.socket.recvmsg({ signal: AbortSignal.timeout(PATIENCE) });
      expect(message.flags & (MSG_CTRUNC | MSG_TRUNC)).toBe(0);
      const { destination } = way;
      const facts = { ecn: ECN.ect0, dscp: 46, destination, interfaceIndex: LOOPBACK };
      expect(readPacketInfo(message)).toMatchObject(facts);
      segments.push(String(message.data));
    }
    expect(segments.join("")).toBe("aaaabbbbcc");
    await sender.send({ data: "aaaabbbbcc", address, segmentSize: 4 });
    const cut: string[] = [];
    while (cut.length < 3) for (const segment of (await next(receiver)).segments()) cut.push(String(segment));
    expect(cut).toEqual(["aaaa", "bbbb", "cc"]);
  });

  onRealKernel("the time at which the kernel got a packet is in nanoseconds", async () => {
    const { receiver, sender, address } = await ends(way, { timestamp: true });
    const before = BigInt(Date.now()) * 1_000_000n;
    await sender.send({ data: "x", address, ecn: ECN.ect1 });
    const packet = await next(receiver);
    expect(packet.ecn).toBe(ECN.ect1);
    // Date.now() cuts its milliseconds off.
    expect(packet.timestamp).toBeGreaterThanOrEqual(before);
    expect(packet.timestamp).toBeLessThan((BigInt(Date.now()) + 1n) * 1_000_000n);
  });

  it("a connected socket sends to its peer with the same facts", async () => {
    const { receiver, address } = await ends(way);
    const sender = own(await UdpSocket.connect(address));
    await sender.send({ data: "x", ecn: ECN.ect0, hopLimit: 9 });
    expect(await next(receiver)).toMatchObject({ ecn: ECN.ect0, hopLimit: 9 });
    expect(sender.getpeername()).toMatchObject({ port: address.port });
  });
});

describe("facts", () => {
  it("that are switched off are undefined", async () => {
    const off = { ecn: false, destination: false, hopLimit: false, gro: false };
    const { receiver, sender, address } = await ends(WAYS[0]!, off);
    await sender.send({ data: "x", address, ecn: ECN.ect0 });
    const { data, address: from, truncated, ...facts } = await next(receiver);
    expect(Object.values(facts).filter((it) => it !== undefined)).toEqual([]);
    expect(receiver.socket.options.get("udpGro")).toBe(false);
  });

  onRealKernel("can be switched on a Socket that exists, and back", async () => {
    const { receiver, sender, address } = await ends(WAYS[0]!, { timestamp: true });
    const same = UdpSocket.from(receiver.socket, { hopLimit: false });
    expect(same.socket).toBe(receiver.socket);
    await sender.send({ data: "x", address });
    expect(await next(same)).toMatchObject({ ecn: 0, hopLimit: undefined, timestamp: undefined });
  });

  it("of many different packets do not mix", async () => {
    const { receiver, sender, address } = await ends(WAYS[0]!);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 256; i++) {
        const facts = { ecn: i & 3, dscp: i >> 2, hopLimit: 255 - (i % 255) };
        expect(sender.trySend({ data: "x", address, ...facts })).toEqual({ bytes: 1 });
        const packet = receiver.tryReceive() ?? (await next(receiver));
        expect(packet).toMatchObject(facts);
      }
    }
  });

  it("belong to one packet: changing an address does not change the next packet's", async () => {
    const { receiver, sender, address } = await ends(WAYS[0]!);
    for (let i = 0; i < 2; i++) {
      await sender.send({ data: "x", address });
      const packet = await next(receiver);
      expect(packet.address.address).toBe("127.0.0.1");
      (packet.address as { address: string }).address = "changed";
    }
  });

  it("that were sent once can change with the next packet", async () => {
    const { receiver, sender, address } = await ends(WAYS[0]!);
    const message: UdpMessage = { data: "x", address, ecn: ECN.ect0, hopLimit: 5 };
    await sender.send(message);
    message.ecn = ECN.ce;
    message.hopLimit = undefined;
    await sender.send(message);
    expect(await next(receiver)).toMatchObject({ ecn: ECN.ect0, hopLimit: 5 });
    const second = await next(receiver);
    expect(second.ecn).toBe(ECN.ce);
    expect(second.hopLimit).not.toBe(5);
  });
});

describe("the source of a packet", () => {
  const inLoopback = ["127.0.0.1", "127.0.0.2", "127.255.0.3"];

  it.each(inLoopback)("can be %s on a socket that is bound to all addresses", async (source) => {
    for (const any of ["0.0.0.0", "::"]) {
      const sender = await bound(any);
      const receiver = await bound("127.0.0.1");
      const { port } = receiver.getsockname();
      await sender.send({ data: "x", address: { address: "127.0.0.1", port }, source });
      expect((await next(receiver)).address).toMatchObject({ address: source });
    }
  });

  it("is the address to which each question came", async () => {
    const server = await bound("::");
    const { port } = server.getsockname();
    for (const address of inLoopback) {
      const client = own(await UdpSocket.connect({ address, port }));
      await client.send({ data: "question" });
      const question = await next(server);
      expect(question.destination).toBe(address);
      await server.send({ data: "answer", address: question.address, source: question.local });
      // A connected socket gets packets of this peer's address only.
      expect((await next(client)).address).toMatchObject({ address, port });
    }
  });

  it.each([
    ["0.0.0.0", "127.0.0.1", "192.0.2.1"],
    ["::", "::ffff:127.0.0.1", "192.0.2.1"],
    ["::", "::1", "2001:db8::1"],
  ])("must be an address of this machine: from %s to %s", async (at, to, source) => {
    const sender = await bound(at);
    const error = await rejection(sender.send({ data: "x", address: { address: to, port: 9 }, source }));
    expect(error).toMatchObject({ syscall: "sendmsg", bytesSent: 0 });
    expect(error.message).toBe(
      `sendmsg ${error.code} ${to}:9: the packet is to leave from ${source}, which may be no address of this machine. See: ip address`,
    );
    // Which one depends on the kernel: ip_route_output_key_hash_rcu(), net/ipv4/route.c.
    expect(["EINVAL", "ENETUNREACH"]).toContain(error.code);
  });
});
