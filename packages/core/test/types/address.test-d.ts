import type { RemoteInfo } from "node:dgram";
import type { LookupAddress } from "node:dns";
import type { AddressInfo, SocketAddress } from "node:net";
import { expectTypeOf, test } from "vitest";
import {
  type Address,
  type AddressDetails,
  type AddressInput,
  type AddressOf,
  type AlgAddress,
  type BluetoothAddress,
  type CanAddress,
  decodeAddress,
  encodeAddress,
  formatAddress,
  type HciAddress,
  type Ipv4Address,
  type Ipv6Address,
  type L2capAddress,
  type LlcAddress,
  type NetlinkAddress,
  type PacketAddress,
  type QrtrAddress,
  type RawAddress,
  type RfcommAddress,
  type RxrpcAddress,
  type ScoAddress,
  type TipcAddress,
  type TipcServiceAddress,
  type TipcServiceRange,
  type TipcSocketAddress,
  toSocketAddress,
  type UnixAbstractAddress,
  type UnixAddress,
  type UnixPathAddress,
  type VsockAddress,
  type XdpAddress,
} from "../../src/address/index.js";

declare const rinfo: RemoteInfo;
declare const serverAddress: AddressInfo;
declare const socketAddress: SocketAddress;
declare const lookedUp: LookupAddress;
declare const bytes: Uint8Array;
declare const address: Address;

test("the family narrows the address's type", () => {
  switch (address.family) {
    case "unix":
      return expectTypeOf(address).toEqualTypeOf<UnixAddress>();
    case "ipv4":
      return expectTypeOf(address).toEqualTypeOf<Ipv4Address>();
    case "ipv6":
      return expectTypeOf(address).toEqualTypeOf<Ipv6Address>();
    case "alg":
      return expectTypeOf(address).toEqualTypeOf<AlgAddress>();
    case "bluetooth":
      return expectTypeOf(address).toEqualTypeOf<BluetoothAddress>();
    case "can":
      return expectTypeOf(address).toEqualTypeOf<CanAddress>();
    case "llc":
      return expectTypeOf(address).toEqualTypeOf<LlcAddress>();
    case "netlink":
      return expectTypeOf(address).toEqualTypeOf<NetlinkAddress>();
    case "packet":
      return expectTypeOf(address).toEqualTypeOf<PacketAddress>();
    case "qrtr":
      return expectTypeOf(address).toEqualTypeOf<QrtrAddress>();
    case "rxrpc":
      return expectTypeOf(address).toEqualTypeOf<RxrpcAddress>();
    case "tipc":
      return expectTypeOf(address).toEqualTypeOf<TipcAddress>();
    case "vsock":
      return expectTypeOf(address).toEqualTypeOf<VsockAddress>();
    case "xdp":
      return expectTypeOf(address).toEqualTypeOf<XdpAddress>();
    case undefined:
      return expectTypeOf(address).toEqualTypeOf<
        UnixPathAddress | UnixAbstractAddress | Ipv4Address | Ipv6Address
      >();
    default:
      return expectTypeOf(address).toEqualTypeOf<RawAddress>();
  }
});

test("an unknown family is a number", () => {
  if (typeof address.family === "number") expectTypeOf(address).toEqualTypeOf<RawAddress>();
  // @ts-expect-error: the family's name is "ipv4".
  if (address.family === "inet") return;
});

test("other fields narrow the type within a family", () => {
  if (address.family === "unix" && address.path !== undefined) {
    expectTypeOf(address).toEqualTypeOf<UnixPathAddress>();
  }
  if (address.family === "unix" && address.abstract !== undefined) {
    expectTypeOf(address).toEqualTypeOf<UnixAbstractAddress>();
  }
  if (address.family === "bluetooth") {
    if (address.protocol === "hci") expectTypeOf(address).toEqualTypeOf<HciAddress>();
    if (address.protocol === "l2cap") expectTypeOf(address).toEqualTypeOf<L2capAddress>();
    if (address.protocol === "rfcomm") expectTypeOf(address).toEqualTypeOf<RfcommAddress>();
    if (address.protocol === "sco") expectTypeOf(address).toEqualTypeOf<ScoAddress>();
  }
  if (address.family === "tipc") {
    if (address.kind === "socket") expectTypeOf(address).toEqualTypeOf<TipcSocketAddress>();
    if (address.kind === "service") expectTypeOf(address).toEqualTypeOf<TipcServiceAddress>();
    if (address.kind === "range") expectTypeOf(address).toEqualTypeOf<TipcServiceRange>();
  }
});

test("the fields have the right types", () => {
  expectTypeOf<Ipv6Address["scopeId"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<VsockAddress["cid"]>().toEqualTypeOf<number>();
  expectTypeOf<UnixPathAddress["path"]>().toEqualTypeOf<string | Uint8Array>();
  expectTypeOf<PacketAddress["interface"]>().toEqualTypeOf<number | string>();
});

test("encodeAddress accepts addresses only", () => {
  expectTypeOf(encodeAddress({ path: "/run/x" })).toEqualTypeOf<Uint8Array>();
  encodeAddress({ abstract: bytes });
  encodeAddress({ family: "unix" });
  encodeAddress({ address: "::1", port: 1 });
  encodeAddress({ family: 9, data: bytes });
  expectTypeOf<SocketAddress>().toExtend<{ address: string; port: number }>();
  // @ts-expect-error: an address without path and abstract name must have family "unix".
  encodeAddress({});
  // @ts-expect-error: a Unix address has a path or an abstract name, not both.
  encodeAddress({ path: "x", abstract: "x" });
  // @ts-expect-error: the port has no default.
  encodeAddress({ family: "ipv4", address: "127.0.0.1" });
  // @ts-expect-error: a port is a number.
  encodeAddress({ address: "127.0.0.1", port: "80" });
  // @ts-expect-error: only a Unix address has a path.
  encodeAddress({ family: "ipv4", path: "/run/x" });
  // @ts-expect-error: only an IPv6 address has a scope.
  encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 1, scopeId: 1 });
  // @ts-expect-error: the family's name is "unix".
  encodeAddress({ family: "local", path: "/run/x" });
  // @ts-expect-error: an address of an unknown family is given as bytes.
  encodeAddress({ family: 9, path: "/run/x" });
  // @ts-expect-error: L2CAP has no channel.
  encodeAddress({ family: "bluetooth", protocol: "l2cap", address: "00:00:00:00:00:00", channel: 1 });
  // @ts-expect-error: an address is an object.
  encodeAddress("/run/x");
});

test("functions take the addresses of Node's own modules", () => {
  encodeAddress(rinfo);
  encodeAddress(serverAddress);
  encodeAddress(socketAddress);
  encodeAddress({ ...lookedUp, port: 53 });
  toSocketAddress(rinfo);
  expectTypeOf<RemoteInfo>().toExtend<AddressInput>();
  expectTypeOf<AddressInfo>().toExtend<AddressInput>();
  expectTypeOf<SocketAddress>().toExtend<AddressInput>();
  // @ts-expect-error: what dns.lookup() finds has no port.
  encodeAddress(lookedUp);
});

test("AddressOf is the type of a bound socket's addresses", () => {
  expectTypeOf<AddressOf<{ path: string }>>().toEqualTypeOf<UnixAddress>();
  expectTypeOf<AddressOf<{ abstract: Uint8Array }>>().toEqualTypeOf<UnixAddress>();
  expectTypeOf<AddressOf<{ family: "unix" }>>().toEqualTypeOf<UnixAddress>();
  expectTypeOf<AddressOf<{ address: string; port: number }>>().toEqualTypeOf<Ipv4Address | Ipv6Address>();
  expectTypeOf<AddressOf<{ family: "IPv6"; address: string; port: number }>>().toEqualTypeOf<Ipv6Address>();
  expectTypeOf<AddressOf<{ family: 4; address: string; port: number }>>().toEqualTypeOf<Ipv4Address>();
  expectTypeOf<AddressOf<{ family: 4; data: Uint8Array }>>().toEqualTypeOf<Address>();
  expectTypeOf<AddressOf<RemoteInfo>>().toEqualTypeOf<Ipv4Address | Ipv6Address>();
  expectTypeOf<AddressOf<AddressInfo>>().toEqualTypeOf<Ipv4Address | Ipv6Address>();
  expectTypeOf<AddressOf<SocketAddress>>().toEqualTypeOf<Ipv4Address | Ipv6Address>();
  expectTypeOf<AddressOf<Ipv4Address>>().toEqualTypeOf<Ipv4Address>();
  expectTypeOf<AddressOf<UnixAddress>>().toEqualTypeOf<UnixAddress>();
  expectTypeOf<AddressOf<{ family: "netlink" }>>().toEqualTypeOf<NetlinkAddress>();
  expectTypeOf<AddressOf<{ family: "can"; interface: string }>>().toEqualTypeOf<CanAddress>();
  expectTypeOf<AddressOf<TipcServiceAddress>>().toEqualTypeOf<TipcAddress>();
  expectTypeOf<AddressOf<RawAddress>>().toEqualTypeOf<Address>();
  expectTypeOf<AddressOf<Address>>().toEqualTypeOf<Address>();
  expectTypeOf<AddressOf<AddressInput>>().toEqualTypeOf<Address>();
});

test("the other functions have the right types", () => {
  expectTypeOf(decodeAddress(bytes)).toEqualTypeOf<Address>();
  expectTypeOf(formatAddress(address)).toEqualTypeOf<AddressDetails>();
  expectTypeOf(toSocketAddress({ address: "127.0.0.1", port: 1 })).toEqualTypeOf<SocketAddress>();
  // @ts-expect-error: Node has no SocketAddress for a path.
  toSocketAddress({ path: "/run/x" });
  // @ts-expect-error: the second argument is the family's number.
  decodeAddress(bytes, "ipv4");
});
