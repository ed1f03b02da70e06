import type { Ipv4Address, Ipv6Address } from "../address/index.js";
import { type InspectArguments, inspected } from "../inspecting.js";
import type { PacketInfo } from "../ip-packet.js";
import { segmentsOf } from "../message.js";

/** The address of a UDP socket. A socket of both IP versions sees IPv4 peers at v4-mapped addresses ("::ffff:192.0.2.1"). */
export type UdpAddress = Ipv4Address | Ipv6Address;

/** A packet that a {@link UdpSocket} received. A fact is undefined if it was not switched on. */
export interface UdpPacket {
  /** The bytes, in memory that no other packet shares. With GRO, they can be several datagrams: see `segments()`. */
  readonly data: Buffer;
  /** The sender's address. */
  readonly address: UdpAddress;
  /** The address to which the packet was sent. A v4-mapped address is given as the IPv4 address in it. */
  readonly destination: string | undefined;
  /**
   * The address of this host from which to answer. It is the destination, unless that was a multicast or broadcast address. It is
   * undefined for IPv6 multicast: then give `interfaceIndex` alone, and the kernel chooses an address.
   */
  readonly local: string | undefined;
  /** The interface on which the packet arrived. */
  readonly interfaceIndex: number | undefined;
  /** Explicit congestion notification: one of {@link ECN}. */
  readonly ecn: number | undefined;
  /** The differentiated services code point, 0 to 63. */
  readonly dscp: number | undefined;
  /** IPv4's time to live, IPv6's hop limit. */
  readonly hopLimit: number | undefined;
  /** The kernel has joined several datagrams of this size (GRO). The last one may be shorter. Undefined: it is one datagram. */
  readonly segmentSize: number | undefined;
  /** When the kernel got the packet, in nanoseconds of CLOCK_REALTIME. Only with the option `timestamp: true`. */
  readonly timestamp: bigint | undefined;
  /** Whether the packet was longer than its slot in a batch. The rest is lost. */
  readonly truncated: boolean;
  /** The datagrams of which `data` consists. They are views: nothing is copied. */
  segments(): Buffer[];
}

/** What control messages say about a packet. */
export interface PacketFacts extends PacketInfo {
  timestamp?: bigint;
}

class ReceivedPacket implements UdpPacket {
  readonly data: Buffer;
  readonly address: UdpAddress;
  readonly destination: string | undefined;
  readonly local: string | undefined;
  readonly interfaceIndex: number | undefined;
  readonly ecn: number | undefined;
  readonly dscp: number | undefined;
  readonly hopLimit: number | undefined;
  readonly segmentSize: number | undefined;
  readonly timestamp: bigint | undefined;
  readonly truncated: boolean;

  static {
    // Programs know this class by the name of its interface, and console.log() shows that name.
    Object.defineProperty(ReceivedPacket, "name", { value: "UdpPacket" });
  }

  constructor(
    data: Buffer,
    address: UdpAddress,
    facts: PacketFacts,
    timestamp: bigint | undefined,
    truncated: boolean,
  ) {
    this.data = data;
    this.address = address;
    this.destination = facts.destination;
    this.local = facts.local;
    this.interfaceIndex = facts.interfaceIndex;
    this.ecn = facts.ecn;
    this.dscp = facts.dscp;
    this.hopLimit = facts.hopLimit;
    this.segmentSize = facts.segmentSize;
    this.timestamp = timestamp;
    this.truncated = truncated;
  }

  segments(): Buffer[] {
    return segmentsOf(this.data, this.segmentSize);
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "UdpPacket", () => ({ ...this, truncated: this.truncated || undefined }));
  }
}

export const packetOf = (
  data: Buffer,
  address: UdpAddress,
  facts: PacketFacts,
  timestamp: bigint | undefined,
  truncated: boolean,
): UdpPacket => new ReceivedPacket(data, address, facts, timestamp, truncated);
