import { describe, expect, it } from "vitest";
import { type Address, Socket, type SocketType } from "../src/index.js";
import { calls } from "./support/counted-calls.js";
import { freshPath } from "./support/fresh-places.js";
import { isSettled, rejection } from "./support/outcome.js";
import { withListener } from "./support/transports.js";
import { pass, turn, until } from "./support/waiting.js";

describe("connect() to a listener whose backlog is full", () => {
  const types: SocketType[] = ["stream", "seqpacket"];
  const at = () => ({ path: freshPath() });

  /** Connects until the next connect must wait. */
  async function fillBacklog(
    address: Address,
    type: SocketType,
  ): Promise<{ clients: Socket[]; waiting: Promise<Socket> }> {
    const clients: Socket[] = [];
    for (;;) {
      const connecting = Socket.connect(address, { type });
      await Promise.race([connecting.catch(() => {}), pass("path" in address ? 20 : 200)]);
      if (!(await isSettled(connecting))) return { clients, waiting: connecting };
      clients.push(await connecting);
    }
  }

  it.each(types)("%s: waits until the backlog has room, and does not spin", (type) =>
    withListener(
      { type, place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, type);
        expect(await calls("connect", () => pass(200))).toBeLessThan(50);
        expect(await isSettled(waiting)).toBe(false);
        const servers = [await listener.accept()];
        clients.push(await waiting);
        while (servers.length < clients.length) servers.push(await listener.accept());
        await Promise.all([...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ),
  );

  it("ends when it is aborted or its socket is closed", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const controller = new AbortController();
        const aborted = rejection(Socket.connect(address, { signal: controller.signal }));
        const closed = await Socket.open({ family: "unix", type: "stream" });
        const closing = rejection(closed.connect(address));
        await turn();
        controller.abort("why");
        await closed.close();
        expect(await aborted).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
        expect((await closing).code).toBe("ERR_SENDMSG_CLOSED");
        await listener.close();
        await rejection(waiting);
        await Promise.all(clients.map((client) => client.close()));
      },
      { backlog: 1 },
    ));

  it("refuses a second connect, and the first one goes on waiting", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const late = await Socket.open({ family: "unix", type: "stream" });
        const connecting = late.connect(address);
        const servers = [await listener.accept()];
        // The backlog has room now, which a second connect(2) of this socket would take.
        expect(await rejection(late.connect(address))).toMatchObject({ code: "ERR_INVALID_STATE" });
        while (servers.length < clients.length + 2) servers.push(await listener.accept());
        await connecting;
        clients.push(await waiting, late);
        await Promise.all([...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ));

  it("rejects when the listener closes", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const rejecting = rejection(waiting);
        await listener.close();
        expect(["ENOENT", "ECONNREFUSED"]).toContain((await rejecting).code);
        await Promise.all(clients.map((client) => client.close()));
      },
      { backlog: 1 },
    ));

  it("over TCP, makes earlier sends and receives wait for the connection", () =>
    withListener(
      { type: "stream", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      async (listener, address) => {
        // The kernel drops SYNs while the backlog is full. The connection comes with a retransmission, after a second.
        const { clients, waiting } = await fillBacklog(address, "stream");
        const late = await Socket.open({ family: "ipv4", type: "stream" });
        const connecting = late.connect(address);
        expect(await isSettled(connecting)).toBe(false);
        expect(await rejection(late.connect(address))).toMatchObject({
          code: "ERR_INVALID_STATE",
        });
        const sending = late.sendmsg({ data: "early" });
        const receiving = late.recvmsg();
        const servers: Socket[] = [];
        const accepting = (async () => {
          for await (const server of listener) {
            servers.push(server);
            // Only the late client sends, so that only its connection can wake that send.
            const hearing = server.recvmsg();
            hearing
              .then(({ eof }) => (eof ? undefined : server.sendmsg({ data: "welcome" })))
              .catch(() => {});
          }
        })();
        clients.push(await waiting);
        await connecting;
        expect(await sending).toEqual({ bytes: 5 });
        expect(String((await receiving).data)).toBe("welcome");
        await until(() => servers.length === clients.length + 1);
        await listener.close();
        await accepting;
        await Promise.all([late, ...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ));
});
