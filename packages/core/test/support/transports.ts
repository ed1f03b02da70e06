import { encodeAddress } from "../../src/address/index.js";
import { AF_INET6, SOCK_DGRAM } from "../../src/constants/index.js";
import { type Address, Listener, Socket, type SocketOptions, type SocketType } from "../../src/index.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { counted } from "./counted.js";
import { freshName, freshPath } from "./fresh-places.js";

export interface Transport {
  name: string;
  type: SocketType;
  isUnix: boolean;
  /** An address to bind to: another one at each call. */
  place: () => Address;
}

function hasIpv6(): boolean {
  const fd = socket(AF_INET6, SOCK_DGRAM);
  try {
    bind(fd, encodeAddress({ family: "ipv6", address: "::1", port: 0 }));
    return true;
  } catch {
    console.info("skipped: everything over IPv6: there is no ::1 here");
    return false;
  } finally {
    close(fd);
  }
}

const unixPath = { isUnix: true, place: (): Address => ({ path: freshPath() }) };
const unixName = { isUnix: true, place: (): Address => ({ family: "unix", abstract: freshName() }) };
const ipv4 = { isUnix: false, place: (): Address => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) };
const ipv6 = { isUnix: false, place: (): Address => ({ family: "ipv6", address: "::1", port: 0 }) };
const onIpv6 = <T>(transport: T): T[] => (hasIpv6() ? [transport] : []);

/** Transports with connections. */
export const CONNECTIONS: Transport[] = [
  { name: "Unix stream at a path", type: "stream", ...unixPath },
  { name: "Unix stream with an abstract name", type: "stream", ...unixName },
  { name: "Unix seqpacket at a path", type: "seqpacket", ...unixPath },
  { name: "Unix seqpacket with an abstract name", type: "seqpacket", ...unixName },
  { name: "TCP over IPv4", type: "stream", ...ipv4 },
  ...onIpv6<Transport>({ name: "TCP over IPv6", type: "stream", ...ipv6 }),
];

/** Transports without connections. */
export const DATAGRAMS: Transport[] = [
  { name: "Unix datagrams at a path", type: "dgram", ...unixPath },
  { name: "Unix datagrams with an abstract name", type: "dgram", ...unixName },
  { name: "UDP over IPv4", type: "dgram", ...ipv4 },
  ...onIpv6<Transport>({ name: "UDP over IPv6", type: "dgram", ...ipv6 }),
];

/** Runs `body` with a listener, and closes it. Afterwards every descriptor must be closed. */
export function withListener(
  { type, place }: Pick<Transport, "type" | "place">,
  body: (listener: Listener, at: Address) => unknown,
  options: SocketOptions & { backlog?: number } = {},
): Promise<void> {
  return counted(async () => {
    const listener = await Listener.listen(place(), { type, ...options });
    try {
      await body(listener, listener.getsockname());
    } finally {
      await listener.close();
    }
  });
}

/** Runs `body` with a connection over the transport. */
export function withConnection(
  transport: Pick<Transport, "type" | "place">,
  body: (client: Socket, server: Socket) => unknown,
  options: SocketOptions = {},
): Promise<void> {
  return withListener(
    transport,
    async (listener, at) => {
      const client = await Socket.connect(at, { type: transport.type, ...options });
      const server = await listener.accept();
      try {
        await body(client, server);
      } finally {
        await Promise.all([client.close(), server.close()]);
      }
    },
    options,
  );
}

/** Runs `body` with sockets that are bound to different addresses, and closes them. */
export function withBound(
  { type, place }: Pick<Transport, "type" | "place">,
  count: number,
  body: (sockets: Socket[], addresses: Address[]) => unknown,
  options: SocketOptions = {},
): Promise<void> {
  return counted(async () => {
    const sockets = await Promise.all(
      Array.from({ length: count }, () => Socket.bind(place(), { type, ...options })),
    );
    try {
      await body(
        sockets,
        sockets.map((socket) => socket.getsockname()),
      );
    } finally {
      await Promise.all(sockets.map((socket) => socket.close()));
    }
  });
}
