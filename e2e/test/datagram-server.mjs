// A server of Unix datagrams in the process that runs the tests. Programs of a project send to it.
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";

/** Binds a socket to a path in a project's folder, or to an address. Returns the address, the messages that arrived, and next(). */
export async function datagramServer(
  user,
  address = { family: "unix", path: join(user.folder, "server.sock") },
) {
  const { Socket } = await import(join(inject("installed"), "sendmsg/dist/index.js"));
  const socket = await Socket.bind(address, { type: "dgram" });
  onTestFinished(() => socket.close());
  return {
    path: address.path,
    /** The next message, as text. */
    async next() {
      const { data } = await socket.recvmsg();
      return String(data);
    },
  };
}
