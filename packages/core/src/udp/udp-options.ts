import { checkBoolean, checkInteger, checkObject, checkSignal } from "../arguments.js";
import type { ControlName } from "../control/index.js";
import { type IpFamily, namesOfFact, type PacketFact } from "../ip-packet.js";
import { keysOf } from "../known-keys.js";
import type { Socket } from "../socket.js";
import { isKnown } from "./capabilities.js";
import { checkPathMtuDiscovery, type PathMtuDiscovery, setPathMtuDiscovery } from "./path-mtu.js";

/** Which facts received packets have. */
export interface UdpFacts {
  /** `ecn` and `dscp`. Default: true. */
  ecn?: boolean | undefined;
  /** `destination`, `local` and `interfaceIndex`. Default: true. */
  destination?: boolean | undefined;
  /** `hopLimit`. Default: true. */
  hopLimit?: boolean | undefined;
  /** `timestamp`. Default: false, because the kernel then takes the time of every packet. */
  timestamp?: boolean | undefined;
  /**
   * Whether the kernel may join datagrams: then `segmentSize` and `segments()` say where they end. Default: true if the kernel can
   * (since Linux 5.0). If you give true and it can't, the call fails with `ENOPROTOOPT`.
   */
  gro?: boolean | undefined;
}

/** Options of {@link UdpSocket.connect}. */
export interface UdpConnectOptions extends UdpFacts {
  /** SO_RCVBUF, in bytes: how much the kernel keeps until you receive it. See socket(7). */
  rcvBuf?: number | undefined;
  /** SO_SNDBUF, in bytes. */
  sndBuf?: number | undefined;
  /** See {@link UdpSocket.pathMtuDiscovery}. Default: the system's setting. */
  pathMtuDiscovery?: PathMtuDiscovery | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of {@link UdpSocket.bind}. */
export interface UdpOptions extends UdpConnectOptions {
  /** IPV6_V6ONLY: the socket has no IPv4 peers. Default: the system's setting. */
  ipv6Only?: boolean | undefined;
  /** SO_REUSEPORT: several sockets that are bound to one port share the packets that arrive. */
  reusePort?: boolean | undefined;
}

const FACTS = { ecn: true, destination: true, hopLimit: true, timestamp: true, gro: true } as const;
const CONNECT = { ...FACTS, rcvBuf: true, sndBuf: true, pathMtuDiscovery: true, signal: true } as const;

const FACT_KEYS = /* @__PURE__ */ keysOf<UdpFacts>(FACTS);
const CONNECT_KEYS = /* @__PURE__ */ keysOf<UdpConnectOptions>(CONNECT);
const BIND_KEYS = /* @__PURE__ */ keysOf<UdpOptions>({ ...CONNECT, ipv6Only: true, reusePort: true });

const MAX_INT = 0x7fffffff;

/** The name of each fact, and whether packets have it if the program does not say. `gro` is not here: the kernel may lack it. */
const DEFAULTS = { ecn: true, destination: true, hopLimit: true, timestamp: false } as const;

export function checkUdpFacts(options: UdpFacts): UdpFacts {
  return checkFacts(checkObject("options", options, FACT_KEYS));
}

export function checkUdpOptions(options: UdpOptions, call: "bind" | "connect"): UdpOptions {
  const given = checkObject("options", options, call === "bind" ? BIND_KEYS : CONNECT_KEYS);
  const { rcvBuf, sndBuf, pathMtuDiscovery, signal, ipv6Only, reusePort } = given;
  return {
    ...checkFacts(given),
    rcvBuf: rcvBuf === undefined ? undefined : checkInteger("options.rcvBuf", rcvBuf, 0, MAX_INT),
    sndBuf: sndBuf === undefined ? undefined : checkInteger("options.sndBuf", sndBuf, 0, MAX_INT),
    pathMtuDiscovery:
      pathMtuDiscovery === undefined
        ? undefined
        : checkPathMtuDiscovery("options.pathMtuDiscovery", pathMtuDiscovery),
    signal: checkSignal("options.signal", signal),
    ipv6Only: ipv6Only === undefined ? undefined : checkBoolean("options.ipv6Only", ipv6Only),
    reusePort: reusePort === undefined ? undefined : checkBoolean("options.reusePort", reusePort),
  };
}

function checkFacts(given: UdpFacts): UdpFacts {
  const checked: UdpFacts = {};
  for (const name of Object.keys(FACTS) as (keyof UdpFacts)[]) {
    const value = given[name];
    checked[name] = value === undefined ? undefined : checkBoolean(`options.${name}`, value);
  }
  return checked;
}

/** Switches the facts on or off. */
export function switchFacts(socket: Socket, family: IpFamily, facts: UdpFacts): void {
  const on: ControlName[] = [];
  const off: ControlName[] = [];
  for (const fact of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const names: ControlName[] =
      fact === "timestamp" ? ["timestampNs"] : namesOfFact(fact satisfies PacketFact, family);
    ((facts[fact] ?? DEFAULTS[fact]) ? on : off).push(...names);
  }
  const { gro } = facts;
  if (gro) on.push("udpGro");
  if (gro === false) off.push("udpGro");
  socket.receive(...on);
  // What the kernel does not know is off already.
  for (const name of off) isKnown(() => socket.receive({ [name]: false }));
  if (gro === undefined) isKnown(() => socket.receive("udpGro"));
}

/** Sets what must be set before the socket can receive anything. */
export function prepareSocket(
  socket: Socket,
  family: IpFamily,
  { rcvBuf, sndBuf, pathMtuDiscovery, ...facts }: UdpOptions,
): void {
  if (rcvBuf !== undefined) socket.options.set("rcvBuf", rcvBuf);
  if (sndBuf !== undefined) socket.options.set("sndBuf", sndBuf);
  if (pathMtuDiscovery !== undefined) setPathMtuDiscovery(socket, family, pathMtuDiscovery);
  switchFacts(socket, family, facts);
}
