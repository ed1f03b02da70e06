/**
 * Encodes and decodes socket addresses (struct sockaddr). This works on any machine, because it loads no native code.
 *
 * @module
 */

export type { InterfaceLookup } from "../wire/payload.js";
export type { AddressOf, FamilyAddress } from "./address-of.js";
export type { AlgAddress } from "./alg.js";
export type { BluetoothAddress, HciAddress, L2capAddress, RfcommAddress, ScoAddress } from "./bluetooth.js";
export type { CanAddress, CanIsotpAddress, CanJ1939Address, CanRawAddress } from "./can.js";
export type { AddressDetails } from "./codec.js";
export { decodeAddress } from "./decode.js";
export { addressFamily, encodeAddress, formatAddress } from "./encode.js";
export type { AddressFamilyName } from "./family.js";
export type { Ipv4Address } from "./ipv4.js";
export type { Ipv6Address } from "./ipv6.js";
export type { LlcAddress } from "./llc.js";
export type { NetlinkAddress } from "./netlink.js";
export type { NodeAddress } from "./node-address.js";
export type { PacketAddress } from "./packet.js";
export type { QrtrAddress } from "./qrtr.js";
export type { RawAddress } from "./raw.js";
export type { RxrpcAddress } from "./rxrpc.js";
export { toSocketAddress } from "./socket-address.js";
export type { Address, AddressInput } from "./table.js";
export type { TipcAddress, TipcServiceAddress, TipcServiceRange, TipcSocketAddress } from "./tipc.js";
export type { UnixAbstractAddress, UnixAddress, UnixPathAddress, UnixUnnamedAddress } from "./unix.js";
export type { VsockAddress } from "./vsock.js";
export type { XdpAddress } from "./xdp.js";
