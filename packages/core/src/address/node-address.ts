/**
 * An IP address as Node's own modules give it: dgram's `rinfo`, `server.address()`, net.SocketAddress, or what dns.lookup() finds
 * and a port.
 */
export interface NodeAddress {
  /** "IPv4", "IPv6", "ipv4", "ipv6", 4 or 6. */
  family: string | number;
  address: string;
  port: number;
  /** The size of the datagram that came from the address, in dgram's `rinfo`. It does not count. */
  size?: number;
  /** Only net.SocketAddress has it. It counts only with IPv6. */
  flowlabel?: number;
}
