import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { Socket, socketpair } from "../../src/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { isSettled, thrown } from "../support/outcome.js";

// bindSync(), tryConnect() and trySendBytes(): they make one system call each, within the call.

afterEach(closeAll);

const unix = () => own(Socket.open({ family: "unix" }));

describe("bindSync()", () => {
  it("binds a Unix socket, whose file stays when the socket is closed", () =>
    counted(async () => {
      const path = freshPath();
      const server = unix();
      server.bindSync({ path });
      expect(server.getsockname()).toEqual({ family: "unix", path });
      const client = unix();
      client.trySendmsg({ data: "x", address: { path } });
      expect(`${(await server.recvmsg()).data}`).toBe("x");
      await closeAll();
      expect(existsSync(path)).toBe(true);
    }));

  it("binds sockets of other families", () => {
    const socket = own(Socket.open({ family: "ipv4" }));
    socket.bindSync({ address: "127.0.0.1", port: 0 });
    expect(socket.getsockname().port).toBeGreaterThan(0);
  });

  it("throws the error of bind(2), and what is wrong with the argument", async () => {
    const path = freshPath();
    unix().bindSync({ path });
    expect(thrown(() => unix().bindSync({ path }))).toMatchObject({
      code: "EADDRINUSE",
      syscall: "bind",
      path,
    });
    expect(thrown(() => unix().bindSync({ path: 5 as never }))).toMatchObject({ argument: "at.path" });
    const closed = unix();
    await closed.close();
    expect(thrown(() => closed.bindSync({ path }))).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
  });
});

describe("tryConnect()", () => {
  it("connects a Unix datagram socket, also to another peer", () =>
    counted(async () => {
      const paths = [freshPath(), freshPath()];
      const servers = paths.map((path) => {
        const server = unix();
        server.bindSync({ path });
        return server;
      });
      const client = unix();
      for (const [i, path] of paths.entries()) {
        expect(client.tryConnect({ path })).toBe(true);
        expect(client.trySendmsg({ data: `${i}` })).toEqual({ bytes: 1 });
        expect(`${(await servers[i]!.recvmsg()).data}`).toBe(`${i}`);
      }
      await closeAll();
    }));

  it("connects a UDP socket", async () => {
    const server = own(await Socket.bind({ address: "127.0.0.1", port: 0 }));
    const client = own(Socket.open({ family: "ipv4" }));
    expect(client.tryConnect(server.getsockname())).toBe(true);
    expect(client.getpeername()).toEqual(server.getsockname());
  });

  it("leaves it to a thread while messages of the peer are unread: the kernel would drop them within the call", async () => {
    const path = freshPath();
    unix().bindSync({ path });
    const [a, b] = socketpair("dgram").map(own) as [Socket, Socket];
    await b.sendmsg({ data: "unread" });
    expect(a.tryConnect({ path })).toBe(false);
    await a.recvmsg();
    expect(a.tryConnect({ path })).toBe(true);
    expect(a.getpeername()).toEqual({ family: "unix", path });
  });

  it("throws the error of connect(2), and stays connected as it was", async () => {
    const path = freshPath();
    const server = unix();
    server.bindSync({ path });
    const client = unix();
    client.tryConnect({ path });
    const missing = freshPath();
    expect(thrown(() => client.tryConnect({ path: missing }))).toMatchObject({
      code: "ENOENT",
      syscall: "connect",
      path: missing,
      message: expect.stringContaining("no file is at this path"),
    });
    expect(client.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
    expect(`${(await server.recvmsg()).data}`).toBe("x");
  });

  it("is for datagram sockets", () => {
    const stream = own(Socket.open({ family: "unix", type: "stream" }));
    expect(thrown(() => stream.tryConnect({ path: "/nowhere" }))).toMatchObject({
      code: "ERR_INVALID_STATE",
      message: "Only a datagram socket connects at once: use connect()",
    });
  });
});

describe("trySendBytes()", () => {
  const bytes = Buffer.from("bytes");

  it("sends to an encoded address, and to the connected peer", () =>
    counted(async () => {
      const path = freshPath();
      const server = unix();
      server.bindSync({ path });
      const client = unix();
      expect(client.trySendBytes(bytes, encodeAddress({ path }))).toBe(true);
      client.tryConnect({ path });
      expect(client.trySendBytes(bytes)).toBe(true);
      for (let i = 0; i < 2; i++) expect(`${(await server.recvmsg()).data}`).toBe("bytes");
      await closeAll();
    }));

  it("returns false while the receiver's queue is full, until writable() settles", async () => {
    const path = freshPath();
    const server = unix();
    server.bindSync({ path });
    const client = unix();
    client.tryConnect({ path });
    let sent = 0;
    while (client.trySendBytes(bytes)) sent++;
    const writable = client.writable();
    expect(await isSettled(writable)).toBe(false);
    for (let i = 0; i < sent; i++) server.tryRecvmsg();
    await writable;
    expect(client.trySendBytes(bytes)).toBe(true);
  });

  it("does not overtake messages that wait", async () => {
    const path = freshPath();
    const server = unix();
    server.bindSync({ path });
    const client = unix();
    client.tryConnect({ path });
    let filled = 0;
    while (client.trySendBytes(bytes)) filled++;
    const waiting = client.sendmsg({ data: "waits" });
    for (let i = 0; i < filled; i++) server.tryRecvmsg();
    expect(client.trySendBytes(Buffer.from("later"))).toBe(false);
    await waiting;
    expect(client.trySendBytes(Buffer.from("later"))).toBe(true);
    for (const text of ["waits", "later"]) expect(`${(await server.recvmsg()).data}`).toBe(text);
  });

  it("sends an empty message", async () => {
    const [a, b] = socketpair("dgram").map(own) as [Socket, Socket];
    expect(a.trySendBytes(new Uint8Array(0))).toBe(true);
    expect((await b.recvmsg()).data.length).toBe(0);
  });

  it("throws the errors of trySendmsg()", () => {
    const address = encodeAddress({ path: freshPath() });
    const error = thrown(() => unix().trySendBytes(bytes, address));
    expect(error).toMatchObject({ code: "ENOENT", syscall: "sendmsg", bytesSent: 0 });
    expect(error.message).toContain("no file is at this path");
    expect(thrown(() => unix().trySendBytes("text" as never))).toMatchObject({ argument: "data" });
    expect(thrown(() => unix().trySendBytes(bytes, new Uint8Array(1)))).toMatchObject({
      argument: "address.length",
    });
    const closed = unix();
    closed.close();
    expect(thrown(() => closed.trySendBytes(bytes))).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
    const [stream] = socketpair().map(own) as [Socket, Socket];
    expect(thrown(() => stream.trySendBytes(bytes))).toMatchObject({
      code: "ERR_INVALID_STATE",
      message: "A stream can take a part of the bytes: use trySendmsg()",
    });
  });
});
