import { ENOPROTOOPT } from "../errno.js";
import type { SystemError } from "../errors.js";
import type { IpFamily } from "../ip-packet.js";
import { Socket } from "../socket.js";
import { knownPathMtuDiscoveries, type PathMtuDiscovery } from "./path-mtu.js";

/** What the kernel can do for UDP sockets of one version of IP. */
export interface UdpCapabilities {
  /** Into how many datagrams the kernel cuts one send (UDP_SEGMENT). 1: into none, and the library does it. */
  readonly maxSegments: number;
  /** Whether the kernel can join received datagrams (UDP_GRO). */
  readonly gro: boolean;
  /** The names that {@link UdpSocket.pathMtuDiscovery} can be set to. */
  readonly pathMtuDiscovery: readonly PathMtuDiscovery[];
}

/** UDP_MAX_SEGMENTS, include/linux/udp.h, before Linux 6.9. */
const MAX_SEGMENTS = 64;

/** Any size will do: the socket sends nothing. */
const SOME_SIZE = 1200;

const known: Partial<Record<IpFamily, UdpCapabilities>> = {};

/** Asks the kernel by setting options on a socket that is neither bound nor connected. Nothing is sent. */
export function capabilitiesOf(family: IpFamily): UdpCapabilities {
  return (known[family] ??= ask(family));
}

function ask(family: IpFamily): UdpCapabilities {
  const socket = Socket.open({ family, type: "dgram" });
  try {
    return Object.freeze({
      maxSegments: isKnown(() => socket.options.set("udpSegment", SOME_SIZE)) ? MAX_SEGMENTS : 1,
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
