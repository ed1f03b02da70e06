import { afterEach, describe, expect, it } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import { AF_INET, SOCK_DGRAM } from "../src/constants/index.js";
import {
  ECN,
  type PacketSettings,
  packetControl,
  packetInfoNames,
  readPacketInfo,
  Socket,
} from "../src/index.js";
import { namespace, namespaces } from "./kernel/namespace.js";
import { closeAll, own } from "./support/closing.js";
import { thrown } from "./support/outcome.js";
import { onRealKernel, skipUnless } from "./support/skip-unless.js";
import { next, tcp } from "./support/sockets.js";
import { kernelIsAtLeast } from "./support/target.js";

afterEach(closeAll);

const LOOPBACK = 1;

interface Way {
  name: string;
  /** The address to which the receiver is bound, and the one to which the sender sends. */
  bound: string;
  reached: string;
  /** The address to which the sender is bound. */
  from: string;
  /** The addresses of both ends, as the receiver sees them. */
  destination: string;
}

const WAYS: Way[] = [
  { name: "IPv4", bound: "127.0.0.1", reached: "127.0.0.1", from: "127.0.0.1", destination: "127.0.0.1" },
  { name: "IPv6", bound: "::1", reached: "::1", from: "::1", destination: "::1" },
  {
    name: "IPv6 to a socket of both",
    bound: "::",
    reached: "::1",
    from: "::1",
    destination: "::1",
  },
  {
    name: "IPv4 to an IPv6 socket",
    bound: "::",
    reached: "127.0.0.1",
    from: "127.0.0.1",
    destination: "127.0.0.1",
  },
  {
    name: "v4-mapped to an IPv4 socket",
    bound: "127.0.0.1",
    reached: "::ffff:127.0.0.1",
    from: "::",
    destination: "127.0.0.1",
  },
  {
    name: "v4-mapped between IPv6 sockets",
    bound: "::",
    reached: "::ffff:7f00:1",
    from: "::",
    destination: "127.0.0.1",
  },
];

const familyOf = (address: string) => (address.includes(":") ? "ipv6" : "ipv4");

async function bind(address: string, options: { segments?: boolean } = {}): Promise<Socket> {
  const family = familyOf(address);
  const at = { family, address, port: 0 } as const;
  const receive = packetInfoNames(family, options);
  return own(await Socket.bind(at, { type: "dgram", receive, ipv6Only: false }));
}

async function ends({ bound, reached, from }: Way, options: { segments?: boolean } = {}) {
  const receiver = await bind(bound, options);
  const sender = await bind(from);
  const { port } = receiver.getsockname() as { port: number };
  const address = { family: familyOf(reached), address: reached, port } as const;
  return { receiver, sender, address };
}

describe.each(WAYS)("$name", (way) => {
  it.each<[string, PacketSettings]>([
    ["ECN", { ecn: ECN.ect0 }],
    ["congestion", { ecn: ECN.ce }],
    ["DSCP", { dscp: 46 }],
    ["both", { ecn: ECN.ect1, dscp: 10 }],
    ["the hop limit", { hopLimit: 7 }],
    ["the interface", { interfaceIndex: LOOPBACK }],
    ["all", { ecn: ECN.ect0, dscp: 34, hopLimit: 255, interfaceIndex: LOOPBACK }],
  ])("%s arrives as it was sent", async (_what, settings) => {
    const { receiver, sender, address } = await ends(way);
    const control = packetControl(settings, address);
    await sender.sendmsg({ data: "x", address, control });
    const info = readPacketInfo(await next(receiver));
    const { ecn = 0, dscp = 0 } = settings;
    expect(info).toMatchObject({ ecn, dscp, destination: way.destination, interfaceIndex: LOOPBACK });
    if (settings.hopLimit === undefined) expect(info.hopLimit).toBeGreaterThan(0);
    else expect(info.hopLimit).toBe(settings.hopLimit);
    expect(info).not.toHaveProperty("segmentSize");
  });

  it("an answer leaves from the address to which the question came", async () => {
    const { receiver, sender, address } = await ends(way);
    await sender.sendmsg({ data: "question", address });
    const question = await next(receiver);
    const { destination, local } = readPacketInfo(question);
    expect(local).toBe(destination);
    const control = packetControl({ source: local! }, question.address!);
    await receiver.sendmsg({ data: "answer", address: question.address!, control });
    const answer = await next(sender);
    const { address: from } = answer.address as { address: string };
    expect(from.replace("::ffff:", "")).toBe(destination);
  });

  skipUnless("UDP_GRO since Linux 5.0", kernelIsAtLeast(5, 0))(
    "the kernel cuts a send into segments, and joins received ones",
    async () => {
      const { receiver, sender, address } = await ends(way, { segments: true });
      await sender.sendmsg({
        data: "aaaabbbbcc",
        address,
        segmentSize: 4,
        control: packetControl({ ecn: ECN.ect0 }, address),
      });
      let data = "";
      for (let sizes = 0; data.length < 10; sizes++) {
        const message = await next(receiver);
        const { segmentSize, ecn } = readPacketInfo(message);
        expect(ecn).toBe(ECN.ect0);
        // Not every kernel joins segments on the loopback interface.
        if (message.data.length > 4) expect(segmentSize).toBe(4);
        data += message.data.toString();
        expect(sizes).toBeLessThan(3);
      }
      expect(data).toBe("aaaabbbbcc");
    },
  );
});

const missing = namespaces();
describe("a packet to a multicast address", () => {
  (missing === undefined ? onRealKernel : skipUnless(missing, false))(
    "IPv4: the answer comes from a local address",
    async () => {
      const place = await namespace();
      const group = "239.7.7.7";
      place.run("ip link set lo multicast on");
      place.run(`ip route add ${group} dev lo`);
      const open = (address: string) => {
        const at = encodeAddress({ address, port: 0 });
        return place.open(AF_INET, SOCK_DGRAM, 0, { at, receive: packetInfoNames("ipv4") });
      };
      const [receiver, sender] = [open("0.0.0.0"), open("127.0.0.1")];
      receiver.options.set("ipAddMembership", { group, interface: "lo" });
      const { port } = receiver.getsockname() as { port: number };
      await sender.sendmsg({ data: "question", address: { address: group, port } });
      const question = await next(receiver);
      const { destination, local, interfaceIndex } = readPacketInfo(question);
      expect([destination, local, interfaceIndex]).toEqual([group, "127.0.0.1", LOOPBACK]);
      const control = packetControl({ source: local!, interfaceIndex: interfaceIndex! }, question.address!);
      await receiver.sendmsg({ data: "answer", address: question.address!, control });
      expect((await next(sender)).address).toMatchObject({ address: "127.0.0.1" });
    },
  );

  it("over IPv6, has no local address to answer from, and the kernel chooses one", () => {
    const info = (address: string) =>
      readPacketInfo({ control: [{ name: "ipv6PktInfo", value: { address, interfaceIndex: 3 } }] });
    expect(info("ff02::77")).toEqual({ destination: "ff02::77", interfaceIndex: 3 });
    expect(info("2001:db8::7")).toMatchObject({ destination: "2001:db8::7", local: "2001:db8::7" });
    expect(info("::ffff:10.0.0.1")).not.toHaveProperty("local");
  });
});

describe("the control messages of a packet", () => {
  const names = (to: Parameters<typeof packetControl>[1]) =>
    packetControl({ ecn: 1, hopLimit: 5, interfaceIndex: 1 }, to).map(({ name }) => name);
  const IPV4 = ["ipTos", "ipTtl", "ipPktInfo"];
  const IPV6 = ["ipv6Tclass", "ipv6HopLimit", "ipv6PktInfo"];

  it("depend on the family of the address", () => {
    expect(names({ address: "10.0.0.1", port: 1 })).toEqual(IPV4);
    expect(names({ address: "::1", port: 1 })).toEqual(IPV6);
    expect(names({ family: "ipv6", address: "::ffff:10.0.0.1", port: 1 })).toEqual(IPV4);
    expect(names({ family: "ipv6", address: "0:0:0:0:0:FFFF:0a00:0001", port: 1 })).toEqual(IPV4);
    expect(names({ family: "ipv6", address: "::10.0.0.1", port: 1 })).toEqual(IPV6);
    expect(names("ipv4")).toEqual(IPV4);
    expect(names("ipv6")).toEqual(IPV6);
  });

  it("are none if nothing is given", () => expect(packetControl({}, "ipv4")).toEqual([]));

  it("have a source of the packet's IP version, for which a v4-mapped address counts as IPv4", () => {
    expect(packetControl({ source: "::ffff:127.0.0.1" }, "ipv4")).toEqual([
      {
        name: "ipPktInfo",
        value: { interfaceIndex: 0, specificDestination: "127.0.0.1", address: "0.0.0.0" },
      },
    ]);
    expect(packetControl({ source: "::1" }, "ipv6")).toEqual([
      { name: "ipv6PktInfo", value: { address: "::1", interfaceIndex: 0 } },
    ]);
  });

  it("are none on a connected TCP socket", async () => {
    const [client, server] = await tcp();
    for (const name of packetInfoNames("ipv4")) {
      expect(thrown(() => server.receive(name)).message).toContain(
        "only ipv4 sockets of type dgram and raw deliver it",
      );
    }
    await client.sendmsg({ data: "x" });
    expect(readPacketInfo(await next(server))).toEqual({});
  });

  it.each([undefined, null, {}, { control: 1 }, []])("refuse %o", (message) => {
    expect(thrown(() => readPacketInfo(message as never))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
  });

  it.each<[PacketSettings | undefined, unknown, string]>([
    [{ ecn: 4 }, "ipv4", "settings.ecn"],
    [{ dscp: 64 }, "ipv4", "settings.dscp"],
    [{ hopLimit: 0 }, "ipv6", "settings.hopLimit"],
    [{ hopLimit: 256 }, "ipv4", "settings.hopLimit"],
    [{ interfaceIndex: -1 }, "ipv4", "settings.interfaceIndex"],
    [{ source: "::1" }, "ipv4", "settings.source"],
    [{ source: "127.0.0.1" }, "ipv6", "settings.source"],
    [{ source: 5 as never }, "ipv6", "settings.source"],
    [undefined, "ipv4", "settings"],
    [{}, "unix", "to"],
    [{}, { path: "/x" }, "to"],
    [{}, undefined, "to"],
    [{}, { family: "ipv6", address: 5, port: 1 }, "to.address"],
  ])("refuse %o to %o", (settings, to, argument) => {
    expect(thrown(() => packetControl(settings as never, to as never))).toMatchObject({ argument });
  });

  it("refuse a family that has no IP packets", () =>
    expect(thrown(() => packetInfoNames("unix" as never))).toMatchObject({ argument: "family" }));
});
