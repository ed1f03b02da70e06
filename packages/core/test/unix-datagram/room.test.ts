import { describe, expect, test, vi } from "vitest";
import { binding } from "../../src/native/load.js";
import { withSockets } from "../support/counted.js";
import { thrown } from "../support/outcome.js";
import { turn, until } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";
import { bytes, fill, open, post, server, stranger, take } from "./recorded.js";

/** A socket whose peer, a stranger, has no room. `isBound`: it has a path of its own. */
function congested(isBound: boolean, options: Parameters<typeof open>[0] = {}) {
  const peer = stranger();
  const recorded = isBound ? server(options) : { ...open(options), address: new Uint8Array(0) };
  recorded.socket.connect(peer.at);
  const filled = fill(recorded.socket);
  expect(filled).toBeGreaterThan(0);
  return { ...recorded, peer, filled };
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await turn();
};

describe.each([
  ["without a path", false],
  ["with a path", true],
])("a connected socket %s, after a send that found no room", (_, isBound) => {
  test("is told once when its peer has room", () =>
    withSockets(async () => {
      const { socket, events, peer, filled } = congested(isBound);
      for (let i = 0; i < 3; i++) expect(socket.send(bytes("x"), null)).toBe(false);
      await turns(20);
      expect(events).toEqual([]);
      for (let i = 0; i < filled; i++) expect(take(peer.fd)).toBe("filler");
      await until(() => events.length > 0);
      await turns(20);
      expect(events).toEqual(["room"]);
      expect(socket.send(bytes("x"), null)).toBe(true);
    }));

  test("is told each time", () =>
    withSockets(async () => {
      const { socket, events, peer } = congested(isBound);
      for (let round = 1; round <= 5; round++) {
        for (let i = 0; i < 4; i++) take(peer.fd);
        await until(() => events.length === round);
        expect(fill(socket)).toBeGreaterThan(0);
      }
      expect(events).toEqual(new Array(5).fill("room"));
    }));

  test("is told also if it does not keep the process alive", () =>
    withSockets(async () => {
      const { socket, events, peer, filled } = congested(isBound);
      socket.setReferenced(false);
      expect(socket.send(bytes("x"), null)).toBe(false);
      for (let i = 0; i < filled; i++) take(peer.fd);
      await until(() => events.length > 0);
      expect(events).toEqual(["room"]);
      fill(socket);
      take(peer.fd);
      socket.setReferenced(true);
      for (let i = 1; i < filled; i++) take(peer.fd);
      await until(() => events.length > 1);
      expect(events).toEqual(["room", "room"]);
    }));

  test("is told when its peer has gone, and the next send throws", () =>
    withSockets(async () => {
      const at = server();
      const { socket, events } = isBound ? server() : open();
      socket.connect(at.at);
      // Not a turn of the event loop passes, in which the peer would receive.
      fill(socket);
      await at.socket.close();
      await until(() => events.length > 0);
      expect(events).toEqual(["room"]);
      expect(thrown(() => socket.send(bytes("x"), null))).toMatchObject({
        code: "ECONNREFUSED",
        syscall: "sendmsg",
      });
    }));

  test("is told nothing after close()", () =>
    withSockets(async () => {
      const { socket, events, peer, filled } = congested(isBound);
      await turn();
      for (let i = 0; i < filled; i++) take(peer.fd);
      await socket.close();
      await turns(5);
      expect(events).toEqual([]);
    }));

  test("may send within the listener until there is no room, again and again", () =>
    withSockets(async () => {
      let sent = 0;
      const { socket, events, peer, filled } = congested(isBound, {
        onEvent: () => {
          sent += fill(socket);
        },
      });
      let taken = 0;
      while (events.length < 20) {
        for (; taken < filled + sent; taken++) take(peer.fd);
        await turn();
      }
      expect(sent).toBeGreaterThan(20);
    }));

  test("may close itself within the listener", () =>
    withSockets(async () => {
      const { socket, events, peer, filled } = congested(isBound, {
        onEvent: () => void socket.close(),
      });
      for (let i = 0; i < filled; i++) take(peer.fd);
      await until(() => events.length > 0);
      await socket.close();
      await turns(5);
      expect(events).toEqual(["room"]);
    }));

  test("receives meanwhile", () =>
    withSockets(async () => {
      const { events, peer, filled, address } = congested(isBound);
      if (!isBound) return;
      post(peer.fd, "meanwhile", address);
      await until(() => events.length > 0);
      expect(events).toEqual(["meanwhile"]);
      for (let i = 0; i < filled; i++) take(peer.fd);
      await until(() => events.length > 1);
      expect(events).toEqual(["meanwhile", "room"]);
    }));

  test("is told although the event loop could not watch it at first, and goes on receiving", () =>
    withSockets(async () => {
      const { socket, events, peer, filled, address } = congested(isBound);
      for (let i = 0; i < filled; i++) take(peer.fd);
      await until(() => events.length > 0);
      const end = refuseToWatch();
      let filledAgain = 0;
      try {
        filledAgain = fill(socket);
        await turns(3);
      } finally {
        end();
      }
      for (let i = 0; i < filledAgain; i++) take(peer.fd);
      if (isBound) post(peer.fd, "x", address);
      const awaited = isBound ? ["room", "room", "x"] : ["room", "room"];
      // Only libuv's watch has to be changed for it: then the failure is reported.
      const others = () => events.filter((event) => event !== "!ENOSPC").sort();
      await until(() => others().length === awaited.length);
      expect(others()).toEqual(awaited);
    }));
});

describe("a socket that sends to an address, after a send that found no room", () => {
  test("is told after a pause, and longer pauses follow while there is none", () =>
    withSockets(async () => {
      const to = stranger();
      const { socket, events } = open({ onEvent: () => void socket.send(bytes("x"), to.address) });
      const filled = fill(socket, to.address);
      const sends = vi.spyOn(binding(), "send");
      await until(() => events.length > 3);
      expect(sends.mock.calls.length).toBe(events.length);
      sends.mockRestore();
      for (let i = 0; i < filled; i++) expect(take(to.fd)).toBe("filler");
      await until(() => takeOne(to.fd) === "x");
      expect(new Set(events)).toEqual(new Set(["room"]));
    }));

  test("is told nothing after close()", () =>
    withSockets(async () => {
      const to = stranger();
      const { socket, events } = open();
      fill(socket, to.address);
      await socket.close();
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(events).toEqual([]);
    }));

  test("is told although its connected peer has no room either, and stays full", () =>
    withSockets(async () => {
      const { socket, events } = congested(false);
      const to = stranger();
      fill(socket, to.address);
      await until(() => events.length > 0);
      expect(events).toEqual(["room"]);
    }));

  test("is told of its connected peer, too", () =>
    withSockets(async () => {
      const [to, peer] = [stranger(), stranger()];
      const { socket, events } = open();
      socket.connect(peer.at);
      fill(socket, to.address);
      const filled = fill(socket);
      await until(() => events.length > 0);
      await turns(20);
      expect(events, "of the address").toEqual(["room"]);
      for (let i = 0; i < filled; i++) take(peer.fd);
      await until(() => events.length > 1);
      await turns(20);
      expect(events, "of the peer").toEqual(["room", "room"]);
    }));
});

/** Undefined: nothing is there. */
function takeOne(fd: number): string | undefined {
  try {
    return take(fd);
  } catch {
    return undefined;
  }
}
