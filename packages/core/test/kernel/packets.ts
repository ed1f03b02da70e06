import { IPPROTO_UDP } from "../../src/constants/index.js";
import { writeIpv6 } from "../../src/wire/ip-text.js";

// Packets for raw sockets, written by hand: RFC 791, 768, 8200.

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const UDP_HEADER = 8;
const LOOPBACK = [127, 0, 0, 1];
/** The field counts units of 8 bytes. */
const FRAGMENT_UNIT = 8;
const MORE_FRAGMENTS = 0x2000;
const HOP_LIMIT = 64;

/** The Internet checksum: RFC 1071. */
function checksum(...parts: Uint8Array[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A UDP header and its data. The checksum covers the addresses, too. */
function udp(addresses: Uint8Array, from: number, to: number, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(UDP_HEADER + data.length);
  bytes.writeUInt16BE(from, 0);
  bytes.writeUInt16BE(to, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  bytes.set(data, UDP_HEADER);
  const pseudo = Buffer.alloc(4);
  pseudo.writeUInt16BE(IPPROTO_UDP, 0);
  pseudo.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt16BE(checksum(addresses, pseudo, bytes) || 0xffff, 6);
  return bytes;
}

/** A datagram from 127.0.0.1 to itself, without its IP header. */
export const udpOverIpv4 = (from: number, to: number, data: Uint8Array): Buffer =>
  udp(Buffer.from([...LOOPBACK, ...LOOPBACK]), from, to, data);

/** A packet from 127.0.0.1 to itself. The kernel fills in the checksum, and the id if it is 0. */
export function ipv4(payload: Uint8Array, { offset = 0, more = false, id = 0 } = {}): Buffer {
  const header = Buffer.alloc(IPV4_HEADER);
  header[0] = (4 << 4) | (IPV4_HEADER / 4);
  header.writeUInt16BE(IPV4_HEADER + payload.length, 2);
  header.writeUInt16BE(id, 4);
  header.writeUInt16BE(offset / FRAGMENT_UNIT + (more ? MORE_FRAGMENTS : 0), 6);
  header[8] = HOP_LIMIT;
  header[9] = IPPROTO_UDP;
  header.set([...LOOPBACK, ...LOOPBACK], 12);
  return Buffer.concat([header, payload]);
}

const SELF6 = new Uint8Array(16);
writeIpv6("::1", SELF6, 0);

/** A packet from ::1 to itself: a UDP datagram after extension headers. This function fills in each header's first byte. */
export function ipv6(
  headers: readonly { type: number; bytes: Uint8Array }[],
  from: number,
  to: number,
  data: Uint8Array,
): Buffer {
  const parts = headers.map(({ bytes }, i) => {
    const part = Buffer.from(bytes);
    part[0] = headers[i + 1]?.type ?? IPPROTO_UDP;
    return part;
  });
  const payload = Buffer.concat([...parts, udp(Buffer.concat([SELF6, SELF6]), from, to, data)]);
  const header = Buffer.alloc(IPV6_HEADER);
  header[0] = 6 << 4;
  header.writeUInt16BE(payload.length, 4);
  header[6] = headers[0]?.type ?? IPPROTO_UDP;
  header[7] = HOP_LIMIT;
  header.set(SELF6, 8);
  header.set(SELF6, 24);
  return Buffer.concat([header, payload]);
}
