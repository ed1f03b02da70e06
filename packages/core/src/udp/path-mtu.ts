import {
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_PMTUDISC_INTERFACE,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
} from "../constants/ip.js";
import { EINVAL } from "../errno.js";
import { invalidArgValue, quoted, type SystemError } from "../errors.js";
import type { IpFamily } from "../ip-packet.js";
import { didYouMean, nearestName, spelledAs } from "../nearest-name.js";
import type { Socket } from "../socket.js";

/**
 * What the kernel does with a packet that is longer than the path's MTU, and whether it believes ICMP messages about the MTU. The
 * names are those of IP_PMTUDISC_*, in lower case.
 *
 * - "dont": routers may fragment the packets.
 * - "want": the kernel fragments a packet that is longer than the known MTU. Otherwise, routers must not.
 * - "do": nobody fragments. A longer packet fails with `EMSGSIZE`.
 * - "probe": as "do", but the kernel ignores the known MTU: for programs that find it out themselves, as QUIC does.
 * - "interface": the kernel uses the MTU of the interface, and does not believe ICMP messages.
 * - "omit": as "interface", but the kernel fragments longer packets.
 *
 * @see ip(7) IP_MTU_DISCOVER
 */
export type PathMtuDiscovery = "dont" | "want" | "do" | "probe" | "interface" | "omit";

/** IPV6_PMTUDISC_* are the same numbers. */
const VALUES: Readonly<Record<PathMtuDiscovery, number>> = {
  dont: IP_PMTUDISC_DONT,
  want: IP_PMTUDISC_WANT,
  do: IP_PMTUDISC_DO,
  probe: IP_PMTUDISC_PROBE,
  interface: IP_PMTUDISC_INTERFACE,
  omit: IP_PMTUDISC_OMIT,
};

const NAMES = Object.keys(VALUES) as PathMtuDiscovery[];

export function checkPathMtuDiscovery(argument: string, value: unknown): PathMtuDiscovery {
  if (typeof value === "string" && Object.hasOwn(VALUES, value)) return value as PathMtuDiscovery;
  const listed = NAMES.map((name) => JSON.stringify(name)).join(", ");
  const received = typeof value === "string" ? quoted(value) : String(value);
  const meant = typeof value === "string" ? didYouMean(nearestName(value, spelledAs(NAMES))) : "";
  throw invalidArgValue(argument, `must be one of ${listed}. Received ${received}${meant}`);
}

/** Reads the setting. Undefined: it is a value of a later kernel. */
export function getPathMtuDiscovery(socket: Socket, family: IpFamily): PathMtuDiscovery | undefined {
  const value = socket.options.get(family === "ipv4" ? "ipMtuDiscover" : "ipv6MtuDiscover");
  return NAMES.find((name) => VALUES[name] === value);
}

/** An IPv6 socket has an option for each version of IP. Its IPv4 packets obey the option of SOL_IP alone. */
export function setPathMtuDiscovery(socket: Socket, family: IpFamily, name: PathMtuDiscovery): void {
  if (family === "ipv6") socket.options.set("ipv6MtuDiscover", VALUES[name]);
  socket.options.set("ipMtuDiscover", VALUES[name]);
}

/** Sets each name on a socket that nothing else uses, and returns those that the kernel takes. */
export const knownPathMtuDiscoveries = (socket: Socket, family: IpFamily): PathMtuDiscovery[] =>
  NAMES.filter((name) => {
    try {
      setPathMtuDiscovery(socket, family, name);
      return true;
    } catch (error) {
      if ((error as SystemError).errno === -EINVAL) return false;
      throw error;
    }
  });
