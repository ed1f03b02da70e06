import { once } from "node:events";
import { type AddressInfo, createServer, type Socket as NetSocket, type Server } from "node:net";
import { Socket } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";

export interface Ends {
  /** Node's end of the connection, which a net.Server has accepted. */
  node: NetSocket;
  /** Our end. */
  peer: Socket;
}

export const PLACES = {
  unix: () => ({ path: freshPath() }),
  tcp: () => ({ port: 0, host: "127.0.0.1" }),
};

export function addressOf(server: Server) {
  const address = server.address() as string | AddressInfo;
  return typeof address === "string" ? { path: address } : { address: address.address, port: address.port };
}

export async function closed(server: { close(callback: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => server.close(resolve));
}

/** Runs `body` with a connection of which one end is a net.Socket that nobody reads. */
export function withEnds(place: keyof typeof PLACES, body: (ends: Ends) => unknown): Promise<void> {
  return counted(async () => {
    const server = createServer({ pauseOnConnect: true });
    server.listen(PLACES[place]());
    await once(server, "listening");
    const connection = once(server, "connection") as Promise<[NetSocket]>;
    const peer = await Socket.connect(addressOf(server));
    const [node] = await connection;
    try {
      await body({ node, peer });
    } finally {
      node.destroy();
      await Promise.all([peer.close(), closed(server)]);
    }
  });
}
