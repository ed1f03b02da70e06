import type { Socket as DgramSocket } from "node:dgram";
import type { FileHandle } from "node:fs/promises";
import type { Server as NetServer, Socket as NetSocket } from "node:net";
import { expectTypeOf, test } from "vitest";
import type { Ipv4Address, Ipv6Address, NetlinkAddress, UnixAddress } from "../../src/address/index.js";
import {
  type Address,
  type ControlMessage,
  type ControlName,
  type Descriptor,
  type ErrorReport,
  FileDescriptor,
  Listener,
  type MaxFds,
  Message,
  type MessageListener,
  type MessageSocket,
  type PeerCredentials,
  packetInfoNames,
  type SendResult,
  Socket,
  type SocketType,
  socketpair,
} from "../../src/index.js";
import { FakeDescriptor, MemoryListener, MemorySocket, memorySocketpair } from "../../src/testing/index.js";

declare const bytes: Uint8Array;
declare const signal: AbortSignal;
declare const socket: Socket;
declare const listener: Listener;
declare const descriptor: FileDescriptor;
declare const message: Message;
declare const report: ErrorReport;
declare const eitherSocket: MessageSocket;
declare const eitherListener: MessageListener;
declare const [handle, netSocket, netServer, dgram]: [FileHandle, NetSocket, NetServer, DgramSocket];

test("sendmsg accepts a message", () => {
  expectTypeOf(socket.sendmsg({ data: "x" }, { signal })).toEqualTypeOf<Promise<SendResult>>();
  expectTypeOf(socket.trySendmsg({ data: "x" })).toEqualTypeOf<SendResult | undefined>();
  expectTypeOf<SendResult["bytes"]>().toEqualTypeOf<number>();
  socket.sendmsg({});
  socket.sendmsg({ data: [bytes, "x", bytes.buffer, new DataView(bytes.buffer)], flags: 1 });
  socket.sendmsg({ fds: [0, descriptor, handle, netSocket, netServer, dgram, socket, listener, { fd: 1 }] });
  socket.sendmsg({ control: [{ name: "txTime", value: 1n }], address: { path: "/run/x" } });
  // @ts-expect-error: a message is an object.
  socket.sendmsg("x");
  // @ts-expect-error: data is text or bytes, not a number.
  socket.sendmsg({ data: 1 });
  // @ts-expect-error: bytes are a view or a buffer, not a list.
  socket.sendmsg({ data: [1, 2] });
  // @ts-expect-error: fds is a list, even for one descriptor.
  socket.sendmsg({ fds: descriptor });
  // @ts-expect-error: a path is no open file.
  socket.sendmsg({ fds: ["/dev/null"] });
  // @ts-expect-error: descriptors are sent as `fds`.
  socket.sendmsg({ rights: [0] });
  // @ts-expect-error: the value is a bigint.
  socket.sendmsg({ control: [{ name: "txTime", value: 1 }] });
  // @ts-expect-error: an address is an object.
  socket.sendmsg({ address: "/run/x" });
  // @ts-expect-error: the flags belong to the message.
  socket.sendmsg({ data: "x" }, { flags: 1 });
  // @ts-expect-error: trySendmsg() does not wait, so that no signal can end it.
  socket.trySendmsg({ data: "x" }, { signal });
});

test("recvmsg accepts its options", () => {
  expectTypeOf(socket.recvmsg({ maxFds: 1, size: 1, flags: 1, signal })).toEqualTypeOf<Promise<Message>>();
  expectTypeOf(socket.tryRecvmsg()).toEqualTypeOf<Message | undefined>();
  expectTypeOf(socket.recvError({ signal })).toEqualTypeOf<Promise<Message>>();
  socket.recvmsg({ buffers: bytes });
  socket.recvmsg({ buffers: [bytes, bytes.buffer, new SharedArrayBuffer(1)] });
  // @ts-expect-error: only a socket's options can refuse descriptors, before they are sent.
  socket.recvmsg({ maxFds: "refuse" });
  // @ts-expect-error: the call can't write into text.
  socket.recvmsg({ buffers: "x" });
  // @ts-expect-error: the options are an object.
  socket.recvmsg(4096);
  // @ts-expect-error: the option takes the signal, not its controller.
  socket.recvmsg({ signal: new AbortController() });
  // @ts-expect-error: there is no timeout: use a signal.
  socket.recvmsg({ timeout: 1000 });
  // @ts-expect-error: recvError() always returns the whole entry.
  socket.recvError({ size: 1 });
});

test("a message has the right fields", () => {
  expectTypeOf(message.data).toEqualTypeOf<Buffer>();
  expectTypeOf(message.fds).toEqualTypeOf<readonly FileDescriptor[]>();
  expectTypeOf(message.takeFds()).toEqualTypeOf<FileDescriptor[]>();
  expectTypeOf(message.pidfd).toEqualTypeOf<FileDescriptor | undefined>();
  expectTypeOf(message.takePidfd()).toEqualTypeOf<FileDescriptor | undefined>();
  expectTypeOf(message.control).toEqualTypeOf<readonly ControlMessage[]>();
  expectTypeOf(message.address).toEqualTypeOf<Address | undefined>();
  expectTypeOf(message.copy()).toEqualTypeOf<Message>();
  expectTypeOf<Message>().toExtend<Disposable>();
  // @ts-expect-error: the list may be empty.
  message.takeFds()[0].close();
  // @ts-expect-error: the address may be missing.
  message.address.family;
});

test("a message is read-only", () => {
  // @ts-expect-error
  message.data = Buffer.alloc(0);
  // @ts-expect-error
  message.fds = [];
  // @ts-expect-error
  message.fds.pop();
  // @ts-expect-error
  message.control.push({ name: "txTime", value: 1n });
  // @ts-expect-error
  message.eof = true;
  // @ts-expect-error
  message.pidfd = undefined;
});

test("Message.from accepts the parts of a message", () => {
  expectTypeOf(Message.from()).toEqualTypeOf<Message>();
  expectTypeOf(Message.from({ fds: [new FakeDescriptor()] })).toEqualTypeOf<Message<FakeDescriptor>>();
  // @ts-expect-error: a message owns its descriptors, and a number has no owner.
  Message.from({ fds: [0] });
  // @ts-expect-error: the flags say whether it is truncated.
  Message.from({ truncated: true });
});

test("bind, connect and from accept the options that they use", () => {
  const everything = {
    type: "dgram",
    protocol: 0,
    receive: ["ipTos"],
    maxFds: 1,
    ipv6Only: true,
    reusePort: true,
    signal,
  } as const;
  const bound = { mode: 0o600, unlink: "stale" } as const;
  expectTypeOf(Socket.bind({ path: "x" }, { ...everything, ...bound })).toEqualTypeOf<
    Promise<Socket<UnixAddress>>
  >();
  expectTypeOf(Socket.connect({ path: "x" }, everything)).toEqualTypeOf<Promise<Socket<UnixAddress>>>();
  expectTypeOf(socket.connect({ path: "x" }, { signal })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(Socket.from(0, { receive: [], maxFds: 1 })).toEqualTypeOf<Socket>();
  Socket.from(descriptor);
  Socket.from(netSocket);
  Socket.from(dgram);
  const { signal: _, ...opened } = everything;
  expectTypeOf(Socket.open({ family: "netlink", ...opened })).toEqualTypeOf<Socket<NetlinkAddress>>();
  expectTypeOf(Socket.open({ family: 16 })).toEqualTypeOf<Socket>();
  expectTypeOf(socket.bind({ path: "x" }, { ...bound, signal })).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error: no address says which family the socket has.
  Socket.open({ type: "dgram" });
  // @ts-expect-error: there is no such family.
  Socket.open({ family: "ipv5" });
  // @ts-expect-error: open() makes no file.
  Socket.open({ family: "unix", mode: 0o600 });
  // @ts-expect-error: nothing waits in open().
  Socket.open({ family: "unix", signal });
  // @ts-expect-error: the socket has its type already.
  socket.bind({ path: "x" }, { type: "dgram" });
  // @ts-expect-error: bind() needs an address.
  Socket.bind();
  // @ts-expect-error: connect() makes no file.
  Socket.connect({ path: "x" }, { mode: 0o600 });
  // @ts-expect-error: connect() makes no file.
  Socket.connect({ path: "x" }, { unlink: "stale" });
  // @ts-expect-error: only listeners have a backlog.
  Socket.bind({ path: "x" }, { backlog: 1 });
  // @ts-expect-error: the socket has its type already.
  socket.connect({ path: "x" }, { type: "dgram" });
  // @ts-expect-error: the socket has its type already.
  Socket.from(0, { type: "dgram" });
  // @ts-expect-error: a net.Server becomes a Listener.
  Socket.from(netServer);
});

test("a socket's options accept only their values", () => {
  expectTypeOf<SocketType>().toEqualTypeOf<"stream" | "seqpacket" | "dgram" | "raw">();
  expectTypeOf<MaxFds>().toEqualTypeOf<number | "all" | "refuse">();
  // @ts-expect-error: the address decides the family, and the type is another thing.
  Socket.bind({ path: "x" }, { type: "unix" });
  // @ts-expect-error: only a stale file can be replaced.
  Socket.bind({ path: "x" }, { unlink: true });
  // @ts-expect-error: maxFds accepts two texts, "all" and "refuse".
  Socket.bind({ path: "x" }, { maxFds: "none" });
  // @ts-expect-error: the mode is a number.
  Socket.bind({ path: "x" }, { mode: "600" });
  // @ts-expect-error: no message has this name.
  Socket.bind({ path: "x" }, { receive: ["nonsense"] });
  // @ts-expect-error: only the method `receive()` takes an object.
  Socket.bind({ path: "x" }, { receive: { ipTos: true } });
});

test("socketpair accepts a type, and the options of Unix sockets", () => {
  expectTypeOf(
    socketpair("seqpacket", { protocol: 0, receive: ["credentials"], maxFds: "refuse" }),
  ).toEqualTypeOf<[Socket<UnixAddress>, Socket<UnixAddress>]>();
  // @ts-expect-error: the type is the first argument.
  socketpair({ maxFds: 1 });
  // @ts-expect-error: Unix sockets have no ports.
  socketpair("stream", { reusePort: true });
});

test("receive accepts names and switches", () => {
  expectTypeOf(socket.receive("ipTos", { ipTtl: false, credentials: true })).toEqualTypeOf<Socket>();
  const names: readonly ControlName[] = packetInfoNames("ipv6", { segments: true });
  socket.receive(...names);
  socket.receive();
  // @ts-expect-error: no message has this name.
  socket.receive("nonsense");
  // @ts-expect-error: no message has this name.
  socket.receive({ nonsense: true });
  // @ts-expect-error: the value is a boolean.
  socket.receive({ ipTos: 1 });
  // @ts-expect-error: the names are separate arguments.
  socket.receive(names);
  // @ts-expect-error: "unknown" is no message's name.
  socket.receive("unknown");
  // @ts-expect-error: the family's name is "ipv4".
  packetInfoNames("inet");
});

test("a socket is made by functions, and has read-only fields", () => {
  // @ts-expect-error: use Socket.connect() and the like.
  new Socket();
  // @ts-expect-error: use Listener.listen().
  new Listener();
  expectTypeOf(socket.fd).toEqualTypeOf<number>();
  expectTypeOf(socket.type).toEqualTypeOf<SocketType | number>();
  expectTypeOf(socket.getsockname()).toEqualTypeOf<Address>();
  expectTypeOf(socket.peer.credentials()).toEqualTypeOf<PeerCredentials>();
  expectTypeOf(socket.peer.pidfd()).toEqualTypeOf<FileDescriptor>();
  expectTypeOf(socket.peer.securityLabel()).toEqualTypeOf<string | Uint8Array>();
  expectTypeOf(socket.ref().unref()).toEqualTypeOf<Socket>();
  expectTypeOf(socket.detach()).toEqualTypeOf<FileDescriptor>();
  expectTypeOf(socket.toNet()).toEqualTypeOf<NetSocket>();
  socket.shutdown("both");
  // @ts-expect-error: the words are "read", "write" and "both".
  socket.shutdown("rdwr");
  // @ts-expect-error
  socket.fd = 0;
  // @ts-expect-error
  socket.closed = true;
  // @ts-expect-error
  socket.type = "dgram";
});

test("loops yield messages, connections and reports", async () => {
  for await (const each of socket) expectTypeOf(each).toEqualTypeOf<Message>();
  for await (const each of socket.messages({ maxFds: 1, onError: (error) => error.stack })) {
    expectTypeOf(each).toEqualTypeOf<Message>();
  }
  for await (const each of listener) expectTypeOf(each).toEqualTypeOf<Socket>();
  for await (const each of listener.connections({ signal, onError: (error) => error.stack })) {
    expectTypeOf(each).toEqualTypeOf<Socket>();
  }
  for await (const each of socket.errors({ signal })) expectTypeOf(each).toEqualTypeOf<ErrorReport>();
  // @ts-expect-error: onError gets one argument.
  socket.messages({ onError: (a: Error, b: Error) => [a, b] });
  // @ts-expect-error: a connection has no descriptors.
  listener.connections({ maxFds: 1 });
  // @ts-expect-error: errors() has no onError.
  socket.errors({ onError: () => {} });
});

test("the kind narrows a report's type", () => {
  expectTypeOf(report.message).toEqualTypeOf<Message>();
  // @ts-expect-error: only the report of an undelivered packet has an origin.
  report.origin;
  switch (report.kind) {
    case "undelivered":
      expectTypeOf(report.code).toEqualTypeOf<string>();
      return expectTypeOf(report.offender).toEqualTypeOf<Address | undefined>();
    case "timestamp":
      return expectTypeOf(report.software).toEqualTypeOf<bigint | undefined>();
    case "zeroCopy":
      return expectTypeOf(report.copied).toEqualTypeOf<boolean>();
    case "txTime":
      return expectTypeOf(report.txTime).toEqualTypeOf<bigint>();
    default:
      return expectTypeOf(report).toEqualTypeOf<{ kind: "other"; message: Message }>();
  }
});

test("the address decides which addresses a socket has", async () => {
  const unix = await Socket.bind({ path: "x" });
  expectTypeOf(unix).toEqualTypeOf<Socket<UnixAddress>>();
  const udp = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
  expectTypeOf(udp).toEqualTypeOf<Socket<Ipv4Address | Ipv6Address>>();
  expectTypeOf(udp.getsockname().port).toEqualTypeOf<number>();
  expectTypeOf((await udp.recvmsg()).address?.port).toEqualTypeOf<number | undefined>();
  for await (const { address } of udp) expectTypeOf(address?.port).toEqualTypeOf<number | undefined>();
  const v4 = await Socket.connect({ family: "ipv4", address: "127.0.0.1", port: 1 });
  expectTypeOf(v4.getpeername()).toEqualTypeOf<Ipv4Address>();
  const v6 = await Socket.bind({ family: "IPv6", address: "::", port: 0 });
  expectTypeOf(v6.getsockname().scopeId).toEqualTypeOf<number | undefined>();
  expectTypeOf(await Socket.bind({ family: "netlink" })).toEqualTypeOf<Socket<NetlinkAddress>>();
  const server = await Listener.listen({ address: "::1", port: 0 });
  expectTypeOf(server.getsockname().port).toEqualTypeOf<number>();
  expectTypeOf((await server.accept()).getpeername().port).toEqualTypeOf<number>();
  for await (const peer of server) expectTypeOf(peer.getpeername().address).toEqualTypeOf<string>();
  expectTypeOf(Socket.open({ family: "rds" })).toEqualTypeOf<Socket>();
  expectTypeOf(socketpair()[0].getsockname()).toEqualTypeOf<UnixAddress>();
  // @ts-expect-error: a Unix socket has no port.
  unix.getsockname().port;
});

test("a socket of one family is a socket, and its message is a message", () => {
  expectTypeOf<Socket<UnixAddress>>().toExtend<Socket>();
  expectTypeOf<Socket<Ipv4Address>>().toExtend<Socket<Ipv4Address | Ipv6Address>>();
  expectTypeOf<Socket>().not.toExtend<Socket<UnixAddress>>();
  expectTypeOf<Socket<UnixAddress>>().toExtend<MessageSocket<FileDescriptor>>();
  expectTypeOf<Listener<UnixAddress>>().toExtend<Listener>();
  expectTypeOf<Listener<UnixAddress>>().toExtend<MessageListener<Socket>>();
  expectTypeOf<Message<FileDescriptor, UnixAddress>>().toExtend<Message>();
});

test("a listener accepts a socket's options and a backlog", () => {
  const options = { backlog: 1, type: "seqpacket", mode: 0o600, unlink: "stale", maxFds: 1 } as const;
  expectTypeOf(Listener.listen({ path: "x" }, options)).toEqualTypeOf<Promise<Listener<UnixAddress>>>();
  expectTypeOf(Listener.from(netServer, { maxFds: 1 })).toEqualTypeOf<Listener>();
  expectTypeOf(listener.accept({ signal })).toEqualTypeOf<Promise<Socket>>();
  expectTypeOf(listener.tryAccept()).toEqualTypeOf<Socket | undefined>();
  // @ts-expect-error: a backlog is a number.
  Listener.listen({ path: "x" }, { backlog: "1" });
  // @ts-expect-error: the socket listens already.
  Listener.from(0, { backlog: 1 });
  // @ts-expect-error: a net.Socket becomes a Socket.
  Listener.from(netSocket);
  // @ts-expect-error: an accepted socket has the listener's options.
  listener.accept({ maxFds: 1 });
});

test("MessageSocket has what Socket and MemorySocket have in common", () => {
  expectTypeOf<Socket>().toExtend<MessageSocket>();
  expectTypeOf<Socket>().toExtend<MessageSocket<FileDescriptor>>();
  expectTypeOf<MemorySocket>().toExtend<MessageSocket>();
  expectTypeOf<MessageSocket>().not.toExtend<Socket>();
  expectTypeOf<MemorySocket>().not.toExtend<Socket>();
  expectTypeOf<MemorySocket>().not.toExtend<MessageSocket<FileDescriptor>>();
  expectTypeOf<MessageSocket>().toExtend<AsyncDisposable & AsyncIterable<Message<Descriptor>>>();
  expectTypeOf(eitherSocket.tryRecvmsg()).toEqualTypeOf<Message<Descriptor> | undefined>();
  expectTypeOf(eitherSocket.sendmsg({ data: "x" })).toEqualTypeOf<Promise<SendResult>>();
  // @ts-expect-error: sockets in memory have no number.
  eitherSocket.fd;
  // @ts-expect-error: sockets in memory have no options.
  eitherSocket.options;
  // @ts-expect-error: only the kernel's sockets can switch messages on.
  eitherSocket.receive("credentials");
});

test("MessageListener has what Listener and MemoryListener have in common", () => {
  expectTypeOf<Listener>().toExtend<MessageListener>();
  expectTypeOf<Listener>().toExtend<MessageListener<Socket>>();
  expectTypeOf<MemoryListener>().toExtend<MessageListener>();
  expectTypeOf<MemoryListener>().not.toExtend<Listener>();
  expectTypeOf<MemoryListener>().not.toExtend<MessageListener<Socket>>();
  expectTypeOf(eitherListener.accept()).toEqualTypeOf<Promise<MessageSocket>>();
  // @ts-expect-error: only a listener in memory has connect().
  eitherListener.connect();
});

test("sockets in memory accept the options that they use", () => {
  expectTypeOf(memorySocketpair("dgram", { maxFds: "refuse", capacity: 1 })).toEqualTypeOf<
    [MemorySocket, MemorySocket]
  >();
  const [memory] = memorySocketpair();
  expectTypeOf(memory.recvmsg()).toEqualTypeOf<Promise<Message<FakeDescriptor>>>();
  memory.failNext("sendmsg", "EPIPE", { bytesSent: 1 });
  // @ts-expect-error: sockets in memory are never raw.
  memorySocketpair("raw");
  // @ts-expect-error: sockets in memory have no messages to switch on.
  memorySocketpair("stream", { receive: ["credentials"] });
  // @ts-expect-error: only a listener accepts.
  memory.failNext("accept", "EMFILE");
  // @ts-expect-error: the error is given by name or as an object.
  memory.failNext("sendmsg", 32);
  // @ts-expect-error: a listener needs a type with connections.
  new MemoryListener({ type: "dgram" });
  // @ts-expect-error: use memorySocketpair().
  new MemorySocket();
});

test("a descriptor has an owner", () => {
  expectTypeOf<FileDescriptor>().toExtend<Descriptor>();
  expectTypeOf<FakeDescriptor>().toExtend<Descriptor>();
  expectTypeOf<FakeDescriptor>().not.toExtend<FileDescriptor>();
  expectTypeOf<{ fd: number }>().not.toExtend<Descriptor>();
  expectTypeOf(descriptor.handOver((fd) => `${fd.toFixed()}`)).toEqualTypeOf<string>();
  expectTypeOf(descriptor.detach()).toEqualTypeOf<number>();
  expectTypeOf(FileDescriptor.claim(descriptor.transfer())).toEqualTypeOf<FileDescriptor>();
  const value: unknown = descriptor;
  if (FileDescriptor.isFileDescriptor(value)) expectTypeOf(value).toEqualTypeOf<FileDescriptor>();
  // @ts-expect-error: use FileDescriptor.adopt().
  new FileDescriptor(0);
  // @ts-expect-error: a FileDescriptor already owns its number.
  FileDescriptor.adopt(descriptor);
  // @ts-expect-error
  descriptor.fd = 0;
  // @ts-expect-error: a ticket is an object.
  FileDescriptor.claim(1);
});
