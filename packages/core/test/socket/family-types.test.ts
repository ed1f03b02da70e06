import { describe, expect, it } from "vitest";
import type { Address } from "../../src/address/index.js";
import {
  AF_CAN,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_VSOCK,
  CAN_RAW,
  NETLINK_ROUTE,
} from "../../src/constants/index.js";
import { Listener, Socket, type SocketType, socketpair } from "../../src/index.js";
import { factsFor } from "../../src/socket/family-types.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { isEmulated } from "../support/target.js";

const LOOPBACK = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;

describe("a socket without a type", () => {
  it.each<[string, Address]>([
    ["an IPv4 address", LOOPBACK],
    ["a path", { path: freshPath() }],
    ["an abstract name", { abstract: `sendmsg-types-${process.pid}` }],
  ])("is a datagram socket if it is bound to %s", (_, at) =>
    counted(async () => {
      const socket = await Socket.bind(at);
      expect(socket.type).toBe("dgram");
      await socket.close();
    }),
  );

  it("receives what is sent to the IP address to which it is bound", () =>
    counted(async () => {
      const receiver = await Socket.bind(LOOPBACK);
      const sender = Socket.open({ family: "ipv4" });
      await sender.sendmsg({ data: "hello", address: receiver.getsockname() });
      expect(String((await receiver.recvmsg()).data)).toBe("hello");
      await Promise.all([receiver.close(), sender.close()]);
    }));

  it("is a raw socket if it is bound to a netlink address", () =>
    counted(async () => {
      const socket = await Socket.bind({ family: "netlink" }, { protocol: NETLINK_ROUTE });
      expect(socket.type).toBe("raw");
      await socket.close();
    }));

  it("is a stream if it connects or listens", () =>
    counted(async () => {
      for (const at of [{ path: freshPath() }, LOOPBACK]) {
        const listener = await Listener.listen(at);
        const client = await Socket.connect(listener.getsockname());
        const server = await listener.accept();
        expect([client.type, server.type]).toEqual(["stream", "stream"]);
        await Promise.all([client.close(), server.close(), listener.close()]);
      }
    }));

  it.each([
    ["can", AF_CAN, "raw", "raw"],
    ["packet", AF_PACKET, "raw", "raw"],
    ["netlink", AF_NETLINK, "raw", "raw"],
    ["vsock", AF_VSOCK, "stream", "stream"],
    ["unix", AF_UNIX, "dgram", "stream"],
  ] as const)("of the family %s has the family's default", (_, family, unconnected, connected) => {
    const given = { type: undefined, protocol: undefined };
    const socketTypeOf = (use: "bind" | "connect") => factsFor(family, given, use).type;
    const numbers = { stream: 1, dgram: 2, raw: 3 };
    expect(socketTypeOf("bind")).toBe(numbers[unconnected]);
    expect(socketTypeOf("connect")).toBe(numbers[connected]);
  });

  it("of CAN uses CAN_RAW, because the kernel has no protocol 0 there", () => {
    const given = { type: undefined, protocol: undefined };
    expect(factsFor(AF_CAN, given, "bind")).toEqual({ family: AF_CAN, type: 3, protocol: CAN_RAW });
    expect(factsFor(AF_CAN, { ...given, type: "dgram" }, "bind").protocol).toBe(0);
    expect(factsFor(AF_CAN, { ...given, protocol: 0 }, "bind").protocol).toBe(0);
  });

  it("of a family that the library does not know is refused", () =>
    counted(async () => {
      const error = await rejection(Socket.bind({ family: 45, data: new Uint8Array(8) }));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "options.type" });
      expect(error.message).toBe(
        'The "options.type" argument must be given: the library does not know which types the family 45 has',
      );
    }));
});

describe("a type that the family does not have", () => {
  it.each<[SocketType, Address, string]>([
    ["raw", { path: freshPath() }, 'must be one of dgram, stream, seqpacket for the family "unix"'],
    ["stream", { family: "netlink" }, 'must be one of raw, dgram for the family "netlink"'],
    ["seqpacket", { family: "netlink" }, 'must be one of raw, dgram for the family "netlink"'],
    ["stream", { family: "can", interface: 1 }, 'must be one of raw, dgram for the family "can"'],
    ["dgram", { family: "alg", type: "hash", name: "sha256" }, 'must be seqpacket for the family "alg"'],
  ])("is refused, and the error says which types it has: %s, %o", (type, at, reason) =>
    counted(async () => {
      const message = `The "options.type" argument ${reason}. Received "${type}"`;
      for (const call of [Socket.bind, Socket.connect, Listener.listen]) {
        const error = await rejection(call(at, { type }));
        expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "options.type", message });
      }
    }),
  );

  it("is refused by Socket.open() and socketpair()", () =>
    counted(() => {
      expect(thrown(() => Socket.open({ family: "xdp", type: "dgram" })).message).toBe(
        'The "options.type" argument must be raw for the family "xdp". Received "dgram"',
      );
      expect(thrown(() => socketpair("raw")).message).toBe(
        'The "type" argument must be one of dgram, stream, seqpacket for the family "unix". Received "raw"',
      );
    }));

  // qemu's user-mode emulation refuses families that it does not know.
  it.skipIf(isEmulated())("is left to the kernel if the library does not know the family", () =>
    counted(() => {
      const error = thrown(() => Socket.open({ family: 46, type: "stream" }));
      expect(error).toMatchObject({ code: "EAFNOSUPPORT", syscall: "socket" });
    }),
  );
});
