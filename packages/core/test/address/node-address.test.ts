import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, SocketAddress } from "node:net";
import { describe, expect, test } from "vitest";
import { decodeAddress, encodeAddress, formatAddress, toSocketAddress } from "../../src/address/index.js";
import { packetControl, Socket } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { thrown } from "../support/outcome.js";

describe("addresses of Node's own modules", () => {
  const ipv4 = { family: "ipv4", address: "127.0.0.1", port: 9 } as const;
  const ipv6 = { family: "ipv6", address: "::1", port: 9 } as const;

  test.each([
    [{ ...ipv4, family: "IPv4" }, ipv4],
    [{ ...ipv6, family: "IPv6" }, ipv6],
    [{ ...ipv4, family: 4 }, ipv4],
    [{ ...ipv6, family: 6 }, ipv6],
    [{ ...ipv4, family: "IPv4", size: 12 }, ipv4],
    [{ ...ipv6, size: 12 }, ipv6],
    [new SocketAddress(ipv4), ipv4],
    [new SocketAddress(ipv6), ipv6],
    [JSON.parse(JSON.stringify(new SocketAddress(ipv4))), ipv4],
    [JSON.parse(JSON.stringify(new SocketAddress(ipv6))), ipv6],
  ])("%j", (given, expected) => {
    const encoded = encodeAddress(given);
    expect(decodeAddress(encoded)).toEqual(expected);
    expect(formatAddress(given)).toEqual({ address: expected.address, port: expected.port });
    expect(toSocketAddress(given).family).toBe(expected.family);
    expect(packetControl({ hopLimit: 1 }, given)).toEqual([
      { name: expected.family === "ipv4" ? "ipTtl" : "ipv6HopLimit", value: 1 },
    ]);
    const inner = encodeAddress({ family: "rxrpc", service: 1, transport: given as never });
    expect(decodeAddress(inner)).toMatchObject({ transport: expected });
  });

  test("4 and 6 beside bytes are the kernel's AF_IPX and AF_NETROM", () => {
    for (const family of [4, 6]) {
      const raw = { family, data: Uint8Array.of(1, 2) };
      expect(decodeAddress(encodeAddress(raw))).toEqual(raw);
      expect(thrown(() => encodeAddress({ family } as never))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "address",
        message:
          `The "address" argument must be { family: ${family}, data } with the address's bytes, ` +
          `or { family: ${family}, address, port } with an IP address as text`,
      });
      const both = { ...raw, address: family === 4 ? "127.0.0.1" : "::1", port: 1 };
      expect(thrown(() => encodeAddress(both)).message).toContain('has no property "data"');
    }
    expect(thrown(() => encodeAddress({ family: 2, address: "127.0.0.1", port: 1 })).message).toBe(
      'The "address" argument must be { family: 2, data } with the address\'s bytes, or an address with the family\'s name: "ipv4"',
    );
    expect(thrown(() => encodeAddress({ family: 99 } as never)).message).toBe(
      'The "address" argument must be { family: 99, data } with the address\'s bytes',
    );
  });

  test("a program can answer a dgram socket, and connect to a net.Server", () =>
    counted(async () => {
      const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const nodes = createSocket("udp4");
      nodes.bind(0, "127.0.0.1");
      await once(nodes, "listening");
      const arrived = once(nodes, "message");
      await socket.sendmsg({ data: "to dgram", address: nodes.address() });
      const [data, rinfo] = await arrived;
      expect(String(data)).toBe("to dgram");
      expect(rinfo.port).toBe(socket.getsockname().port);
      const other = await Socket.connect(rinfo, { type: "dgram" });
      expect(other.getpeername()).toEqual(socket.getsockname());
      nodes.close();
      await Promise.all([once(nodes, "close"), socket.close(), other.close()]);

      const server = createServer((connection) => connection.end());
      server.listen(0, "::1");
      await once(server, "listening");
      const client = await Socket.connect(server.address() as AddressInfo);
      expect((await client.recvmsg()).eof).toBe(true);
      await client.close();
      server.close();
      await once(server, "close");
    }));
});
