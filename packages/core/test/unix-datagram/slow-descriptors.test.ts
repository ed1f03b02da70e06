import { describe, expect, test, vi } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_DGRAM } from "../../src/constants/index.js";
import { THROTTLED } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { bind, close, socket as openSocket } from "../../src/syscalls/index.js";
import { lingering } from "../scenarios/programs/lingering.mjs";
import { atEnd } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { freshPath } from "../support/fresh-places.js";
import { changingLimit, withOpenFileLimit } from "../support/open-file-limit.js";
import { thrown } from "../support/outcome.js";
import { pass, turn, until } from "../support/waiting.js";
import { bytes, type Options, post, server, stranger, take } from "./recorded.js";

// A peer sends descriptors whose close(2) lasts until their own peers close. No call here may wait for that. If the event loop waited,
// nothing would be left to be closed when the test looks, because close(2) gives up after so many seconds.
const SECONDS = 20;
/** More files than the library leaves for a message, so that a thread receives. */
const FEW = 290;
/** Few enough files for small bounds on what waits to be closed: an eighth for a user, a sixteenth for a socket. */
const SOME = 1024;
const MORE_THAN_BOUND = 150;

const waiting = () => binding().closing();

let peers: number[] = [];

/** Lets close(2) of all such descriptors return. */
function letGo(): void {
  for (const peer of peers) close(peer);
  peers = [];
}

/** Sends such descriptors. Their last owner is then the receiver. */
function postLingering(fd: number, text: string, address: Uint8Array, count: number): void {
  const made = lingering(count, SECONDS);
  if (peers.length === 0) atEnd(letGo);
  peers.push(...made.peers);
  post(fd, text, address, made.fds);
  for (const each of made.fds) close(each);
}

/** A bound socket that is connected to a stranger. */
function connected(options: Options = {}) {
  const peer = stranger();
  const client = server(options);
  client.socket.connect(peer.at);
  return { ...client, peer };
}

describe.each([0, 253])("descriptors that take long to close, maxFds %i", (maxFds) => {
  const arrived = (text: string, count: number) => (maxFds === 0 ? text : `${text}+${count}`);

  test("a receive does not wait for them", () =>
    withSockets(async () => {
      const { events, address } = server({ maxFds });
      const sender = stranger();
      postLingering(sender.fd, "x", address, 5);
      post(sender.fd, "y", address);
      await until(() => events.length === 2);
      expect(events).toEqual([arrived("x", 5), "y"]);
      expect(waiting()).toBe(5);
    }));

  test("close() does not wait for them while they are in the queue", () =>
    withSockets(async () => {
      const { socket, events, address } = server({ maxFds });
      const sender = stranger();
      for (const text of ["x", "y"]) postLingering(sender.fd, text, address, 3);
      await socket.close();
      expect(waiting()).toBeGreaterThan(0);
      expect(events).toEqual([]);
    }));

  test("close() does not wait for those that were received early", () =>
    withSockets(async () => {
      const { socket, events, address, peer } = connected({ maxFds });
      postLingering(peer.fd, "x", address, 3);
      expect(socket.send(bytes("to the peer"), null)).toBe(true);
      await socket.close();
      expect(waiting()).toBe(3);
      expect(events).toEqual([]);
    }));

  test("a send to the peer does not wait for them", () =>
    withSockets(async () => {
      const { socket, events, address, peer } = connected({ maxFds });
      postLingering(peer.fd, "x", address, 3);
      expect(socket.send(bytes("to the peer"), null)).toBe(true);
      expect(take(peer.fd)).toBe("to the peer");
      await until(() => events.length > 0);
      expect(events).toEqual([arrived("x", 3)]);
      expect(waiting()).toBe(3);
    }));

  test("a send to a peer that has gone does not wait for them, and the message arrives", () =>
    withSockets(async () => {
      const { socket, events, address } = server({ maxFds });
      const peer = openSocket(AF_UNIX, SOCK_DGRAM);
      const at = { path: freshPath() };
      bind(peer, encodeAddress(at));
      socket.connect(at);
      postLingering(peer, "x", address, 3);
      close(peer);
      expect(thrown(() => socket.send(bytes("lost"), null))).toMatchObject({
        code: "ECONNREFUSED",
        syscall: "sendmsg",
      });
      await until(() => events.length > 0);
      expect(events).toEqual([arrived("x", 3)]);
      expect(waiting()).toBe(3);
    }));

  test("a connect to another peer does not wait for them, and the message arrives", () =>
    withSockets(async () => {
      const { socket, events, address, peer } = connected({ maxFds });
      const other = stranger();
      postLingering(peer.fd, "x", address, 3);
      socket.connect(other.at);
      expect(socket.send(bytes("to the other"), null)).toBe(true);
      expect(take(other.fd)).toBe("to the other");
      expect(events).toEqual([]);
      await until(() => events.length > 0);
      expect(events).toEqual([arrived("x", 3)]);
      expect(waiting()).toBe(3);
    }));

  changingLimit("near the limit of open files, a thread receives, and all comes in order", () =>
    withSockets(async () => {
      const { events, address } = server({ maxFds });
      const sender = stranger();
      const started = vi.spyOn(binding(), "startReceive");
      await withOpenFileLimit(FEW, async () => {
        post(sender.fd, "1", address);
        postLingering(sender.fd, "2", address, 3);
        post(sender.fd, "3", address);
        post(sender.fd, "4", address, [0, 0]);
        post(sender.fd, "5", address);
        await until(() => events.length === 5);
        await until(() => waiting() === 3);
        letGo();
      });
      expect(events).toEqual(["1", arrived("2", 3), "3", arrived("4", 2), "5"]);
      expect(started.mock.calls.length).toBe(2);
      started.mockRestore();
    }),
  );

  changingLimit(
    "near the limit of open files, a send that would drop them finds no room until they have come",
    () =>
      withSockets(async () => {
        const { socket, events, address, peer } = connected({ maxFds });
        await withOpenFileLimit(FEW, async () => {
          post(peer.fd, "1", address);
          postLingering(peer.fd, "2", address, 3);
          post(peer.fd, "3", address);
          expect(socket.send(bytes("x"), null)).toBe(false);
          expect(thrown(() => socket.connect(peer.at))).toMatchObject({ code: "EAGAIN", syscall: "connect" });
          await until(() => events.includes("room"));
          await until(() => waiting() === 3);
          letGo();
        });
        expect(events).toEqual(["1", arrived("2", 3), "3", "room"]);
        expect(socket.send(bytes("x"), null)).toBe(true);
        expect(take(peer.fd)).toBe("x");
      }),
  );

  changingLimit(
    "near the limit of open files, a socket that closes during the thread's receive leaves none open",
    () =>
      withSockets(async () => {
        const { socket, events, address } = server({ maxFds });
        const sender = stranger();
        await withOpenFileLimit(FEW, async () => {
          const started = vi.spyOn(binding(), "startReceive");
          post(sender.fd, "x", address, [0, 0]);
          await until(() => started.mock.calls.length > 0);
          started.mockRestore();
          await socket.close();
          await turn();
        });
        // The thread can have been faster.
        expect(events.length).toBeLessThan(2);
      }),
  );

  changingLimit("a flood of them is held back, messages without descriptors come, and nothing is lost", () =>
    withSockets(async () => {
      const { events, address } = server({ maxFds });
      const sender = stranger();
      await withOpenFileLimit(SOME, async () => {
        postLingering(sender.fd, "flood", address, MORE_THAN_BOUND);
        await until(() => events.length > 0);
        post(sender.fd, "bytes", address);
        await until(() => events.length > 1);
        post(sender.fd, "descriptor", address, [0]);
        post(sender.fd, "behind", address);
        const results: number[] = [];
        const { receive } = binding();
        const receiving = vi.spyOn(binding(), "receive").mockImplementation((...given) => {
          results.push(receive(...given));
          return results.at(-1)!;
        });
        await until(() => results.filter((result) => result === THROTTLED).length > 3);
        const before = results.length;
        await pass(200);
        // The pauses grow to 50 ms.
        expect(results.length - before).toBeLessThan(40);
        receiving.mockRestore();
        expect(events).toEqual([arrived("flood", MORE_THAN_BOUND), "bytes"]);
        expect(waiting()).toBe(MORE_THAN_BOUND);
        letGo();
        await until(() => events.length === 4);
      });
      expect(events.slice(2)).toEqual([arrived("descriptor", 1), "behind"]);
    }),
  );

  changingLimit("while a flood is held back, a send to the peer finds no room, and connect() throws", () =>
    withSockets(async () => {
      const { socket, events, address, peer } = connected({ maxFds });
      const other = stranger();
      await withOpenFileLimit(SOME, async () => {
        postLingering(peer.fd, "flood", address, MORE_THAN_BOUND);
        await until(() => events.length > 0);
        post(peer.fd, "descriptor", address, [0]);
        expect(socket.send(bytes("x"), null)).toBe(false);
        expect(thrown(() => socket.connect(other.at))).toMatchObject({
          code: "EAGAIN",
          syscall: "connect",
          message: expect.stringMatching(
            /: the socket has messages that it can't receive yet\. Connect again when they have come$/,
          ),
        });
        await pass(30);
        expect(events.length).toBe(1);
        const receives = await calls("receive", () => pass(200));
        expect(receives, "with pauses up to 50 ms").toBeLessThan(40);
        letGo();
        await until(() => events.includes("room"));
      });
      expect(events).toEqual([arrived("flood", MORE_THAN_BOUND), arrived("descriptor", 1), "room"]);
      socket.connect(other.at);
      expect(socket.send(bytes("x"), null)).toBe(true);
      expect(take(other.fd)).toBe("x");
    }),
  );

  changingLimit("close() while a flood is held back does not wait for it", () =>
    withSockets(async () => {
      const { socket, events, address } = server({ maxFds });
      const sender = stranger();
      await withOpenFileLimit(SOME, async () => {
        postLingering(sender.fd, "flood", address, MORE_THAN_BOUND);
        await until(() => events.length > 0);
        postLingering(sender.fd, "more", address, 5);
        await pass(20);
        await socket.close();
        expect(waiting()).toBeGreaterThan(MORE_THAN_BOUND);
        letGo();
        expect(events.length).toBe(1);
      });
    }),
  );
});
