import { afterEach, describe, expect, it } from "vitest";
import { UdpSocket } from "../../src/udp/index.js";
import { closeAll } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { bound } from "./ways.js";

afterEach(closeAll);

const AT = { address: "127.0.0.1", port: 0 };
const TO = { address: "127.0.0.1", port: 9 };
const TO6 = { address: "::1", port: 9 };

describe("a message that is refused", () => {
  it.each<[unknown, string]>([
    [
      "text",
      'The "message" argument must be of type object. Received type string ("text"). Write send({ data: … })',
    ],
    [
      { data: 5, address: TO },
      'The "message.data" argument must be a string, an ArrayBufferView, an ArrayBuffer or a list of them. Received type number (5)',
    ],
    [{ data: "x", to: TO }, 'The "message" argument has no property "to". Did you mean "address"?'],
    [{ data: "x", tos: 2 }, 'The "message" argument has no property "tos". Did you mean "dscp"?'],
    [{ data: "x", ttl: 2 }, 'The "message" argument has no property "ttl". Did you mean "hopLimit"?'],
    [{ data: "x", src: "::1" }, 'The "message" argument has no property "src". Did you mean "source"?'],
    [
      { data: "x", ifindex: 1 },
      'The "message" argument has no property "ifindex". Did you mean "interfaceIndex"?',
    ],
    [
      { data: "x", segment_size: 1 },
      'The "message" argument has no property "segment_size". Did you mean "segmentSize"?',
    ],
    [
      { data: "x", address: TO, ecn: 4 },
      'The value of "message.ecn" is out of range. It must be >= 0 && <= 3. Received 4',
    ],
    [
      { data: "x", address: TO, dscp: 64 },
      'The value of "message.dscp" is out of range. It must be >= 0 && <= 63. Received 64',
    ],
    [
      { data: "x", address: TO, hopLimit: 0 },
      'The value of "message.hopLimit" is out of range. It must be >= 1 && <= 255. Received 0',
    ],
    [
      { data: "x", address: TO, ecn: "1" },
      'The "message.ecn" argument must be of type number. Received type string ("1")',
    ],
    [
      { data: "x", address: TO, source: "::1" },
      'The "message.source" argument must be an IPv4 address, as the packet is. Received "::1"',
    ],
    [
      { data: "x", address: TO, segmentSize: 0 },
      'The value of "message.segmentSize" is out of range. It must be >= 1 && <= 65535. Received 0',
    ],
    [
      { data: "x", address: TO6, ecn: 1 },
      'The "message.address" argument is of family ipv6. This socket sends to addresses of family ipv4',
    ],
  ])("%o", async (message, expected) => {
    const socket = await bound("127.0.0.1");
    const rejected = await rejection(socket.send(message as never));
    expect(rejected.message).toBe(expected);
    expect(rejected.bytesSent).toBe(0);
    const error = thrown(() => socket.trySend(message as never));
    expect(error).toMatchObject({ message: expected.replace("Write send(", "Write trySend("), bytesSent: 0 });
  });

  it("on a socket of both versions, by the version of the packet", async () => {
    const socket = await bound("::");
    const message =
      'The "message.source" argument must be an IPv6 address, as the packet is. Received "127.0.0.1"';
    const error = await rejection(socket.send({ data: "x", address: TO6, source: "127.0.0.1" }));
    expect(error.message).toBe(message);
    const path = await rejection(socket.send({ data: "x", ecn: 1, address: { path: "/x" } }));
    expect(path.message).toBe('The "message.address" argument must be an IPv4 or IPv6 address');
    const nowhere = await rejection(socket.send({ data: "x", ecn: 1 }));
    expect(nowhere).toMatchObject({ code: "EDESTADDRREQ", bytesSent: 0 });
  });
});

describe("options that are refused", () => {
  it.each<[string, unknown, string]>([
    [
      "bind",
      { timestamps: true },
      'The "options" argument has no option "timestamps". Did you mean "timestamp"?',
    ],
    ["bind", { ecn: 1 }, 'The "options.ecn" argument must be of type boolean. Received type number (1)'],
    [
      "bind",
      { gro: "yes" },
      'The "options.gro" argument must be of type boolean. Received type string ("yes")',
    ],
    [
      "bind",
      { rcvBuf: -1 },
      'The value of "options.rcvBuf" is out of range. It must be >= 0 && <= 2147483647. Received -1',
    ],
    [
      "bind",
      { ipv6Only: 0 },
      'The "options.ipv6Only" argument must be of type boolean. Received type number (0)',
    ],
    [
      "bind",
      { pathMtuDiscovery: "off" },
      'The "options.pathMtuDiscovery" argument must be one of "dont", "want", "do", "probe", "interface", "omit". Received "off"',
    ],
    [
      "bind",
      { signal: {} },
      'The "options.signal" argument must be an instance of AbortSignal. Received an instance of Object',
    ],
    ["bind", "x", 'The "options" argument must be of type object. Received type string ("x")'],
    ["connect", { reusePort: true }, 'The "options" argument has no option "reusePort"'],
    [
      "from",
      { rcvBuf: 1 },
      'The "options" argument has no option "rcvBuf". It can have "ecn", "destination", "hopLimit", "timestamp" and "gro"',
    ],
    ["receive", { size: 1 }, 'The "options" argument has no option "size". It can have only "signal"'],
    [
      "packets",
      { maxFds: 1 },
      'The "options" argument has no option "maxFds". It can have "signal" and "onError"',
    ],
    [
      "send",
      { timeout: 1 },
      'The "options" argument has no option "timeout". Use "signal": AbortSignal.timeout(milliseconds)',
    ],
  ])("%s(…, %o)", async (call, options, expected) => {
    await counted(async () => {
      const socket = await bound("127.0.0.1");
      const given = options as never;
      const calls: Record<string, () => Promise<unknown>> = {
        bind: () => UdpSocket.bind(AT, given),
        connect: () => UdpSocket.connect(TO, given),
        from: async () => UdpSocket.from(socket.socket, given),
        receive: () => socket.receive(given),
        packets: () => socket.packets(given).next(),
        send: () => socket.send({ data: "x", address: TO }, given),
      };
      expect((await rejection(calls[call]!())).message).toContain(expected);
      await closeAll();
    });
  });
});

describe("addresses that are refused", () => {
  it.each<[unknown, string, string]>([
    [
      { path: "/tmp/x" },
      'The "at" argument must be an IPv4 or IPv6 address',
      'The "to" argument must be an IPv4 or IPv6 address',
    ],
    [{ address: "127.0.0.1" }, 'The "at.port" argument', 'The "to.port" argument'],
    [{ address: "localhost", port: 1 }, 'The "at.address" argument', 'The "to.address" argument'],
    [undefined, 'The "at" argument must be', 'The "to" argument must be'],
  ])("%o", async (address, at, to) => {
    await counted(async () => {
      expect((await rejection(UdpSocket.bind(address as never))).message).toContain(at);
      expect((await rejection(UdpSocket.connect(address as never))).message).toContain(to);
    });
  });
});
