import { once } from "node:events";
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "@sendmsg/unix-dgram";
import { freshPath } from "./places.js";

const opened: Socket[] = [];

/** A socket that {@link closeAll} closes. */
export function open(options: Omit<SocketOptions, "type"> = {}): Socket {
  const socket = createSocket({ type: "unix_dgram", ...options });
  opened.push(socket);
  return socket;
}

/** Closes the sockets of the test that has ended. */
export function closeAll(): void {
  for (const socket of opened.splice(0)) socket.close();
}

/** A socket at a path. */
export function server(path = freshPath(), options: Omit<SocketOptions, "type"> = {}): Socket {
  const socket = open(options);
  socket.bind(path);
  return socket;
}

/** The next message of a socket. */
export const next = (socket: Socket): Promise<[Buffer, RemoteInfo]> =>
  once(socket, "message") as Promise<[Buffer, RemoteInfo]>;

/** The outcome of one send to the connected peer, which must come within the call. */
export function outcome(send: (callback: (error?: Error) => void) => void): Error | undefined {
  const calls: unknown[][] = [];
  send((...given) => calls.push(given));
  if (calls.length !== 1) throw new Error(`the callback was called ${calls.length} times within the call`);
  return calls[0]![0] as Error | undefined;
}

/** Fills the queue of the connected peer. Returns how many messages fit. */
export function fill(socket: Socket, data = Buffer.from("filling")): number {
  for (let sent = 0; ; sent++) {
    const error = outcome((callback) => socket.send(data, callback));
    if (error !== undefined) {
      if (error.message !== "congestion") throw error;
      return sent;
    }
  }
}
