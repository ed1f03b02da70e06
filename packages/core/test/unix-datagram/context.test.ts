import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test, vi } from "vitest";
import { ENOMEM } from "../../src/errno.js";
import { binding } from "../../src/native/load.js";
import { withSockets } from "../support/counted.js";
import { until } from "../support/waiting.js";
import { bytes, fill, type Options, open, post, server, stranger, take } from "./recorded.js";

// Listeners run in the asynchronous context in which the socket was made, whoever causes the event.

const storage = new AsyncLocalStorage<string>();

/** Makes two sockets in different contexts. `seen`: each event, with the context in which its listener ran. */
function two(make: (options: Options) => ReturnType<typeof server>) {
  const seen: string[] = [];
  const note = (event: string) => seen.push(`${event} in ${storage.getStore()}`);
  const [a, b] = ["A", "B"].map((name) =>
    storage.run(name, () =>
      make({
        onMessage: (text) => {
          note(text);
          return true;
        },
        onEvent: note,
      }),
    ),
  ) as [ReturnType<typeof server>, ReturnType<typeof server>];
  return { a, b, seen };
}

const elsewhere = <T>(run: () => T): T => storage.run("the caller's", run);

test("messages", () =>
  withSockets(async () => {
    const { a, b, seen } = two(server);
    const sender = stranger();
    elsewhere(() => {
      post(sender.fd, "1", a.address);
      post(sender.fd, "2", b.address);
    });
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(["1 in A", "2 in B"]);
  }));

test("messages that a send receives before their turn", () =>
  withSockets(async () => {
    const { a, b, seen } = two(server);
    const peer = stranger();
    elsewhere(() => {
      for (const { socket, address } of [a, b]) {
        socket.connect(peer.at);
        post(peer.fd, "x", address);
        socket.send(bytes("y"), null);
      }
    });
    await until(() => seen.length === 2);
    expect(seen).toEqual(["x in A", "x in B"]);
  }));

test("messages that wait for the next turn of the event loop", () =>
  withSockets(async () => {
    const { a, b, seen } = two(({ onMessage }) => server({ onMessage: (...given) => !onMessage!(...given) }));
    const sender = stranger();
    for (const { address } of [a, b]) for (const text of ["1", "2"]) post(sender.fd, text, address);
    await until(() => seen.length === 4);
    expect(seen.sort()).toEqual(["1 in A", "1 in B", "2 in A", "2 in B"]);
  }));

test("errors, and messages after the pause", () =>
  withSockets(async () => {
    const { a, b, seen } = two(server);
    const peer = stranger();
    const failing = vi.spyOn(binding(), "receive").mockReturnValue(-ENOMEM);
    elsewhere(() => {
      for (const { socket, address } of [a, b]) {
        socket.connect(peer.at);
        post(peer.fd, "x", address);
        socket.send(bytes("y"), null);
      }
    });
    await until(() => seen.length === 2);
    failing.mockRestore();
    await until(() => seen.filter((event) => event.startsWith("x")).length === 2);
    expect(seen.filter((event) => !event.startsWith("room"))).toEqual([
      "!ENOMEM in A",
      "!ENOMEM in B",
      "x in A",
      "x in B",
    ]);
  }));

test("room: by an event", () =>
  withSockets(async () => {
    const { a, b, seen } = two((options) => ({ ...open(options), at: {}, address: bytes("") }) as never);
    const [one, other] = [stranger(), stranger()];
    elsewhere(() => {
      for (const [{ socket }, peer] of [
        [a, one],
        [b, other],
      ] as const) {
        socket.connect(peer.at);
        const filled = fill(socket);
        for (let i = 0; i < filled; i++) take(peer.fd);
      }
    });
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(["room in A", "room in B"]);
  }));

test("room: by a timer", () =>
  withSockets(async () => {
    const { a, b, seen } = two(server);
    const to = stranger();
    elsewhere(() => {
      for (const { socket } of [a, b]) fill(socket, to.address);
    });
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(["room in A", "room in B"]);
  }));
