import { ENOPROTOOPT } from "../errno.js";
import type { SystemError } from "../errors.js";
import type { IpFamily } from "../ip-packet.js";
import { kernelIsOlderThan } from "../kernel-version.js";
import { Socket } from "../socket.js";
import { knownPathMtuDiscoveries, type PathMtuDiscovery } from "./path-mtu.js";

/** What the kernel can do for UDP sockets of one version of IP. */
export interface UdpCapabilities {
  /**
   * Into how many datagrams the kernel cuts one send (UDP_SEGMENT): 64, or 128 since Linux 6.9. 1: into none, and the library does it.
   * You may send more: the library then makes several system calls.
   */
  readonly maxSegments: number;
  /** Whether the kernel can join received datagrams (UDP_GRO). */
  readonly gro: boolean;
  /** The names that {@link UdpSocket.pathMtuDiscovery} can be set to. */
  readonly pathMtuDiscovery: readonly PathMtuDiscovery[];
}

/** UDP_MAX_SEGMENTS, include/linux/udp.h: 64, and 128 since this version. No option says it, and only a send could find it out. */
const MANY_SEGMENTS_SINCE = "6.9";

/** Any size will do: the socket sends nothing. */
const SOME_SIZE = 1200;

const known: Partial<Record<IpFamily, UdpCapabilities>> = {};

/** Asks the kernel by setting options on a socket that is neither bound nor connected. Nothing is sent. */
export function capabilitiesOf(family: IpFamily): UdpCapabilities {
  known[family] ??= ask(family);
  return known[family];
}

const mostSegments = (): number => (kernelIsOlderThan(MANY_SEGMENTS_SINCE) ? 64 : 128);

function ask(family: IpFamily): UdpCapabilities {
  const socket = Socket.open({ family, type: "dgram" });
  try {
    return Object.freeze({
      maxSegments: isKnown(() => socket.options.set("udpSegment", SOME_SIZE)) ? mostSegments() : 1,
      gro: isKnown(() => socket.options.set("udpGro", true)),
      pathMtuDiscovery: Object.freeze(knownPathMtuDiscoveries(socket, family)),
    });
  } finally {
    socket.close();
  }
}

/** Whether the kernel knows the option that `set` sets. */
export function isKnown(set: () => void): boolean {
  try {
    set();
    return true;
  } catch (error) {
    if ((error as SystemError).errno === -ENOPROTOOPT) return false;
    throw error;
  }
}
