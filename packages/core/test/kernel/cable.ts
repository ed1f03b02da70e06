import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Ipv4Address, Ipv6Address } from "../../src/address/index.js";
import { AF_INET, AF_INET6, SO_RCVBUFFORCE, SOCK_DGRAM, SOL_SOCKET } from "../../src/constants/index.js";
import type { ControlName } from "../../src/control/index.js";
import type { Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { atEnd } from "../support/closing.js";
import { ip, links } from "./links.js";
import { firstOf } from "./missing.js";
import { type Namespace, namespace, namespaces } from "./namespace.js";
import type { Missing } from "./proves.js";

/** One end of a cable: a network namespace with one interface. */
export interface CableEnd {
  readonly place: Namespace;
  readonly device: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The reason if {@link cable} can't work here. */
export const cables = (): Missing => firstOf(namespaces(), links("veth"));

/** The number of cables, which makes addresses and names unique. */
let last = 0;

/** Joins two network namespaces with a pair of veth(4), until the test ends. `from` has an end already, or is a new namespace. */
export async function cable({
  from,
  to,
  mtu = 1500,
}: {
  from?: Namespace;
  to?: Namespace;
  mtu?: number;
} = {}): Promise<[CableEnd, CableEnd]> {
  const number = (last % 200) + 1;
  last++;
  const places = [from ?? (await namespace()), to ?? (await namespace())];
  const ends = places.map((place, i) => ({
    place,
    device: `c${number}${"ab"[i]}`,
    ipv4: `10.9.${number}.${i + 1}`,
    ipv6: `fd09:${number}::${i + 1}`,
  }));
  const macs = [1, 2].map((end) => `02:00:00:00:00:0${end}`);
  const [a, b] = ends as [CableEnd, CableEnd];
  a.place.run(
    `ip link add ${a.device} mtu ${mtu} type veth peer name ${b.device} mtu ${mtu} netns ${b.place.pid}`,
  );
  for (const [i, { place, device, ipv4, ipv6 }] of ends.entries()) {
    place.run(`ip link set ${device} address ${macs[i]}`);
    place.run(`ip address add ${ipv4}/24 dev ${device}`);
    // Without nodad, the address can't be used for a second.
    place.run(`ip -6 address add ${ipv6}/64 dev ${device} nodad`);
    place.run(`ip link set ${device} up`);
    // While the kernel asks who has an address, it keeps only some packets for it, and drops the oldest: arp(7), unres_qlen_bytes.
    for (const at of [ends[1 - i]!.ipv4, ends[1 - i]!.ipv6])
      place.run(`ip neighbour add ${at} lladdr ${macs[1 - i]} dev ${device}`);
  }
  return [a, b];
}

export type Family = "ipv4" | "ipv6";
export const FAMILIES = ["ipv4", "ipv6"] as const;

/** Bytes: a test sends all its datagrams before it receives the first. */
const RECEIVE_BUFFER = 32 * 1024 * 1024;

/** A UDP socket that is bound to an address of this end. */
export async function udpAt(
  end: Pick<CableEnd, "place" | "ipv4" | "ipv6">,
  family: Family,
  { receive = [], protocol = 0 }: { receive?: readonly ControlName[]; protocol?: number } = {},
): Promise<{ socket: Socket; at: Ipv4Address | Ipv6Address }> {
  const socket = end.place.open(family === "ipv4" ? AF_INET : AF_INET6, SOCK_DGRAM, protocol, { receive });
  setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
  await socket.bind({ family, address: end[family], port: 0 });
  return { socket, at: socket.getsockname() as Ipv4Address | Ipv6Address };
}

/** linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFNAMSIZ = 16;
/** sizeof(struct ifreq). */
const IFREQ = process.arch === "ia32" ? 32 : 40;

const IPPROTO_UDP = 17;
const HEADERS = { 4: { length: 20, protocol: 9 }, 6: { length: 40, protocol: 6 } };
const UDP_HEADER = 8;

/**
 * A network interface whose packets this process reads: each datagram as it would go over the wire. It has no checksum offload.
 */
export class Tun {
  readonly #fd: number;
  readonly ipv4: string;
  readonly ipv6: string;

  constructor(fd: number, ipv4: string, ipv6: string) {
    this.#fd = fd;
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  /** The data of the UDP datagrams that the kernel has given to the interface since the last call. */
  datagrams(): Buffer[] {
    const found: Buffer[] = [];
    const packet = Buffer.alloc(65_536);
    for (;;) {
      let length: number;
      try {
        length = readSync(this.#fd, packet);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        return found;
      }
      const header = HEADERS[(packet[0]! >> 4) as 4 | 6];
      if (packet[header.protocol] !== IPPROTO_UDP) continue; // IPv6 looks for routers
      found.push(Buffer.from(packet.subarray(header.length + UDP_HEADER, length)));
    }
  }
}

const openTun = (name: string): number => {
  const fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  const request = Buffer.alloc(IFREQ);
  request.write(name);
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, IFNAMSIZ);
  const result = binding().ioctl(fd, TUNSETIFF, request);
  if (result < 0) {
    closeSync(fd);
    throw new Error(`TUNSETIFF: ${result}`);
  }
  return fd;
};

/** The reason if {@link tun} can't work here. */
export function tuns(): Missing {
  const missing = namespaces();
  if (missing !== undefined) return missing;
  try {
    closeSync(openTun(`probe${process.pid % 100_000}`));
    return undefined;
  } catch {
    return "this kernel has no tun interfaces";
  }
}

/** Makes a tun(4) interface in a namespace, until the test ends. */
export function tun(place: Namespace): Tun {
  const number = (last % 200) + 1;
  last++;
  const name = `snd${process.pid % 100_000}t${number}`;
  const fd = openTun(name);
  atEnd(() => closeSync(fd));
  ip(`link set ${name} netns ${place.pid}`);
  place.run(`ip link set ${name} txqueuelen 4000`);
  place.run(`ip address add 10.8.${number}.1/24 dev ${name}`);
  place.run(`ip -6 address add fd08:${number}::1/64 dev ${name} nodad`);
  place.run(`ip link set ${name} up`);
  return new Tun(fd, `10.8.${number}.2`, `fd08:${number}::2`);
}
