import { type UdpAddress, type UdpOptions, type UdpPacket, UdpSocket } from "../../src/udp/index.js";
import { own } from "../support/closing.js";
import { PATIENCE } from "../support/sockets.js";

/** The ways in which IPv4 and IPv6 sockets reach each other on this host. */
export interface Way {
  name: string;
  /** The address to which the receiver is bound, and the one to which the sender sends. */
  bound: string;
  reached: string;
  /** The address to which the sender is bound. */
  from: string;
  /** The receiver's address, as packets have it. */
  destination: string;
}

export const WAYS: Way[] = [
  { name: "IPv4", bound: "127.0.0.1", reached: "127.0.0.1", from: "127.0.0.1", destination: "127.0.0.1" },
  { name: "IPv6", bound: "::1", reached: "::1", from: "::1", destination: "::1" },
  { name: "IPv6 to a socket of both", bound: "::", reached: "::1", from: "::1", destination: "::1" },
  {
    name: "IPv4 to a socket of both",
    bound: "::",
    reached: "127.0.0.1",
    from: "127.0.0.1",
    destination: "127.0.0.1",
  },
  {
    name: "v4-mapped between sockets of both",
    bound: "::",
    reached: "::ffff:127.0.0.1",
    from: "::",
    destination: "127.0.0.1",
  },
];

export const bound = async (address: string, options: UdpOptions = {}): Promise<UdpSocket> =>
  own(
    await UdpSocket.bind({ address, port: 0 }, address === "::" ? { ipv6Only: false, ...options } : options),
  );

export async function ends(
  { bound: at, reached, from }: Way,
  options: UdpOptions = {},
): Promise<{ receiver: UdpSocket; sender: UdpSocket; address: UdpAddress }> {
  const receiver = await bound(at, options);
  const sender = await bound(from);
  const { port } = receiver.getsockname();
  const address = { family: reached.includes(":") ? "ipv6" : "ipv4", address: reached, port } as UdpAddress;
  return { receiver, sender, address };
}

export const next = (socket: UdpSocket): Promise<UdpPacket> =>
  socket.receive({ signal: AbortSignal.timeout(PATIENCE) });
