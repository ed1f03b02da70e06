import { describe, expect, it } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import { type Address, Socket } from "../src/index.js";
import { calls } from "./support/counted-calls.js";
import { closeSync } from "./support/files.mjs";
import { isSettled, rejection } from "./support/outcome.js";
import { openFile } from "./support/owned-descriptors.js";
import { drop, fill } from "./support/pairs.js";
import { DATAGRAMS, withBound } from "./support/transports.js";
import { pass } from "./support/waiting.js";

describe.each(DATAGRAMS)("$name", (transport) => {
  const { type, place, isUnix } = transport;

  it("sends datagrams to an address, and tells the sender's address", () =>
    withBound(transport, 3, async ([a, b, c], [atA, atB]) => {
      await a!.sendmsg({ data: "from a", address: atB! });
      await c!.sendmsg({ data: "from c", address: atB! });
      const first = await b!.recvmsg();
      expect([String(first.data), first.address]).toEqual(["from a", atA]);
      expect(String((await b!.recvmsg()).data)).toBe("from c");
      await b!.sendmsg({ data: "back", address: first.address! });
      expect(String((await a!.recvmsg()).data)).toBe("back");
    }));

  it("sends without an address once it is connected", () =>
    withBound(transport, 1, async ([server], [at]) => {
      const client = await Socket.connect(at!, { type });
      await client.sendmsg({ data: "x" });
      const { address, data } = await server!.recvmsg();
      expect(String(data)).toBe("x");
      expect(address).toEqual(isUnix ? { family: "unix" } : client.getsockname());
      expect(client.getpeername()).toEqual(at);
      await client.close();
    }));

  it("refuses to send without an address if it is not connected", () =>
    withBound(transport, 1, async ([socket]) => {
      const error = await rejection(socket!.sendmsg({ data: "x" }));
      expect(error).toMatchObject({ code: isUnix ? "ENOTCONN" : "EDESTADDRREQ", bytesSent: 0 });
    }));

  it("an error contains the address", () =>
    withBound(transport, 1, async ([socket], [at]) => {
      const data = Buffer.alloc(isUnix ? 10_000_000 : 70_000);
      const details: Record<string, unknown> = { ...at };
      delete details.family;
      delete details.abstract;
      const error = await rejection(socket!.sendmsg({ data, address: at! }));
      expect(error).toMatchObject({ code: "EMSGSIZE", syscall: "sendmsg", bytesSent: 0, ...details });
    }));

  it("binding an address that is in use rejects with EADDRINUSE", () =>
    withBound(transport, 1, async (_, [at]) => {
      expect(await rejection(Socket.bind(at!, { type }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
      });
    }));

  it("refuses an address of another family", () =>
    withBound(transport, 1, async ([socket]) => {
      const address: Address = isUnix ? { family: "ipv4", address: "127.0.0.1", port: 1 } : { path: "/x" };
      expect(await rejection(socket!.sendmsg({ data: "x", address }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "message.address",
        bytesSent: 0,
      });
    }));

  it("takes an address that the program has encoded", () =>
    withBound(transport, 2, async ([a, b], [, atB]) => {
      const address = encodeAddress(atB!);
      await a!.sendmsg({ data: "1", address });
      expect(a!.trySendmsg({ data: "2", address })).toEqual({ bytes: 1 });
      for (const data of ["1", "2"]) expect(String((await b!.recvmsg()).data)).toBe(data);
    }));

  it("refuses encoded addresses of another length or family", () =>
    withBound(transport, 1, async ([socket]) => {
      const refusal = async (address: Uint8Array) => rejection(socket!.sendmsg({ data: "x", address }));
      for (const length of [0, 1, 129]) {
        expect(await refusal(new Uint8Array(length))).toMatchObject({
          code: "ERR_OUT_OF_RANGE",
          argument: "message.address.length",
          bytesSent: 0,
        });
      }
      const other = encodeAddress(isUnix ? { address: "127.0.0.1", port: 1 } : { path: "/x" });
      expect(await refusal(other)).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "message.address",
      });
    }));

  it("reads the address within the call", () =>
    withBound(transport, 2, async ([a, b], [, atB]) => {
      const address = { ...place(), ...atB } as Address & Record<string, unknown>;
      const sending = a!.sendmsg({ data: "x", address });
      for (const key of Object.keys(address)) delete address[key];
      await sending;
      expect(String((await b!.recvmsg()).data)).toBe("x");
    }));
});

describe.each(DATAGRAMS.filter(({ isUnix }) => isUnix))("$name to a peer that is full", (transport) => {
  it("keeps the order for the full peer, and sends to other peers meanwhile", () =>
    withBound(transport, 3, async ([sender, stuck, free], [, atStuck, atFree]) => {
      let filled = 0;
      while (sender!.trySendmsg({ data: "filler", address: atStuck! })) filled++;
      const file = openFile("x");
      const queued = Array.from({ length: 20 }, (_, i) =>
        sender!.sendmsg({ data: String(i), address: { ...atStuck! } as Address, fds: [file] }),
      );
      const others = Array.from({ length: 5 }, (_, i) =>
        sender!.sendmsg({ data: String(i), address: atFree! }),
      );
      await Promise.all(others);
      for (let i = 0; i < 5; i++) expect(String((await free!.recvmsg()).data)).toBe(String(i));
      expect(await isSettled(queued[0]!)).toBe(false);
      await drop(stuck!, filled);
      for (let i = 0; i < 20; i++) {
        using message = await stuck!.recvmsg({ maxFds: 1 });
        expect([String(message.data), message.fds.length]).toEqual([String(i), 1]);
      }
      await Promise.all(queued);
      closeSync(file);
    }));

  it("keeps the encoded address of a message that waits, whatever the program does with the bytes", () =>
    withBound(transport, 2, async ([sender, stuck], [, atStuck]) => {
      const address = encodeAddress(atStuck!);
      let filled = 0;
      while (sender!.trySendmsg({ data: "filler", address })) filled++;
      const sending = sender!.sendmsg({ data: "late", address });
      address.fill(0xff);
      await drop(stuck!, filled);
      expect(String((await stuck!.recvmsg()).data)).toBe("late");
      await sending;
    }));

  it("waits without spinning, and can be aborted", () =>
    withBound(transport, 2, async ([sender, stuck], [, atStuck]) => {
      let filled = 0;
      while (sender!.trySendmsg({ data: "filler", address: atStuck! })) filled++;
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = rejection(sender!.sendmsg({ data: "never", address: atStuck! }, { signal }));
      const next = sender!.sendmsg({ data: "next", address: atStuck! });
      expect(await calls("send", () => pass(200))).toBeLessThan(50);
      controller.abort();
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
      await drop(stuck!, filled);
      expect(String((await stuck!.recvmsg()).data)).toBe("next");
      await next;
    }));

  it("close() rejects the sends that wait", () =>
    withBound(transport, 2, async ([sender], [, atStuck]) => {
      while (sender!.trySendmsg({ data: "filler", address: atStuck! }));
      const waiting = rejection(sender!.sendmsg({ data: "x", address: atStuck! }));
      await sender!.close();
      expect(await waiting).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
    }));

  it("a connected socket sends as soon as the peer has room", () =>
    withBound(transport, 1, async ([server], [at]) => {
      const client = await Socket.connect(at!, { type: "dgram" });
      const filled = fill(client);
      const sending = client.sendmsg({ data: "next" });
      await drop(server!, filled);
      expect(String((await server!.recvmsg()).data)).toBe("next");
      await sending;
      await client.close();
    }));
});
