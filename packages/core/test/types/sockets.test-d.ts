import type { Socket as DgramSocket } from "node:dgram";
import type { FileHandle } from "node:fs/promises";
import type { Server as NetServer, Socket as NetSocket } from "node:net";
import { expectTypeOf, test } from "vitest";
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

test("sendmsg takes a message", () => {
  expectTypeOf(socket.sendmsg({ data: "x" }, { signal })).toEqualTypeOf<Promise<SendResult>>();
  expectTypeOf(socket.trySendmsg({ data: "x" })).toEqualTypeOf<SendResult | undefined>();
  expectTypeOf<SendResult["bytes"]>().toEqualTypeOf<number>();
  socket.sendmsg({});
  socket.sendmsg({ data: [bytes, "x", bytes.buffer, new DataView(bytes.buffer)], flags: 1 });
  socket.sendmsg({ fds: [0, descriptor, handle, netSocket, netServer, dgram, socket, listener, { fd: 1 }] });
  socket.sendmsg({ control: [{ name: "txTime", value: 1n }], address: { path: "/run/x" } });
  // @ts-expect-error: bytes alone are no message.
  socket.sendmsg("x");
  // @ts-expect-error: a number is not text.
  socket.sendmsg({ data: 1 });
  // @ts-expect-error: bytes come as a view.
  socket.sendmsg({ data: [1, 2] });
  // @ts-expect-error: a list, even of one.
  socket.sendmsg({ fds: descriptor });
  // @ts-expect-error: a path is not open.
  socket.sendmsg({ fds: ["/dev/null"] });
  // @ts-expect-error: descriptors go as `fds`.
  socket.sendmsg({ rights: [0] });
  // @ts-expect-error: a value of another message's type.
  socket.sendmsg({ control: [{ name: "txTime", value: 1 }] });
  // @ts-expect-error: a path alone is no address.
  socket.sendmsg({ address: "/run/x" });
  // @ts-expect-error: flags belong to the message.
  socket.sendmsg({ data: "x" }, { flags: 1 });
  // @ts-expect-error: nothing is waited for that a signal could end.
  socket.trySendmsg({ data: "x" }, { signal });
});

test("recvmsg takes what is wanted", () => {
  expectTypeOf(socket.recvmsg({ maxFds: 1, size: 1, flags: 1, signal })).toEqualTypeOf<Promise<Message>>();
  expectTypeOf(socket.tryRecvmsg()).toEqualTypeOf<Message | undefined>();
  expectTypeOf(socket.recvError({ signal })).toEqualTypeOf<Promise<Message>>();
  socket.recvmsg({ buffers: bytes });
  socket.recvmsg({ buffers: [bytes, bytes.buffer, new SharedArrayBuffer(1)] });
  // @ts-expect-error: a message that is there can't be refused: that is for a socket's options.
  socket.recvmsg({ maxFds: "refuse" });
  // @ts-expect-error: text can't be filled.
  socket.recvmsg({ buffers: "x" });
  // @ts-expect-error: a size alone is no options.
  socket.recvmsg(4096);
  // @ts-expect-error: a signal, not its controller.
  socket.recvmsg({ signal: new AbortController() });
  // @ts-expect-error: a signal ends the wait.
  socket.recvmsg({ timeout: 1000 });
  // @ts-expect-error: the next entry of the error queue comes whole.
  socket.recvError({ size: 1 });
});

test("a message has what came together", () => {
  expectTypeOf(message.data).toEqualTypeOf<Buffer>();
  expectTypeOf(message.fds).toEqualTypeOf<readonly FileDescriptor[]>();
  expectTypeOf(message.takeFds()).toEqualTypeOf<FileDescriptor[]>();
  expectTypeOf(message.pidfd).toEqualTypeOf<FileDescriptor | undefined>();
  expectTypeOf(message.takePidfd()).toEqualTypeOf<FileDescriptor | undefined>();
  expectTypeOf(message.control).toEqualTypeOf<readonly ControlMessage[]>();
  expectTypeOf(message.address).toEqualTypeOf<Address | undefined>();
  expectTypeOf(message.copy()).toEqualTypeOf<Message>();
  expectTypeOf<Message>().toExtend<Disposable>();
  // @ts-expect-error: there need be none.
  message.takeFds()[0].close();
  // @ts-expect-error: a connected stream has no sender's address.
  message.address.family;
});

test("a message stays as it came", () => {
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

test("messages are made of parts by Message.from", () => {
  expectTypeOf(Message.from()).toEqualTypeOf<Message>();
  expectTypeOf(Message.from({ fds: [new FakeDescriptor()] })).toEqualTypeOf<Message<FakeDescriptor>>();
  // @ts-expect-error: a number has no owner.
  Message.from({ fds: [0] });
  // @ts-expect-error: flags say so.
  Message.from({ truncated: true });
});

test("bind, connect and from take what they can use", () => {
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
  expectTypeOf(Socket.bind({ path: "x" }, { ...everything, ...bound })).toEqualTypeOf<Promise<Socket>>();
  expectTypeOf(Socket.connect({ path: "x" }, everything)).toEqualTypeOf<Promise<Socket>>();
  expectTypeOf(socket.connect({ path: "x" }, { signal })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(Socket.from(0, { receive: [], maxFds: 1 })).toEqualTypeOf<Socket>();
  Socket.from(descriptor);
  Socket.from(netSocket);
  Socket.from(dgram);
  // @ts-expect-error: it says where.
  Socket.bind();
  // @ts-expect-error: nothing is made at the path.
  Socket.connect({ path: "x" }, { mode: 0o600 });
  // @ts-expect-error: nothing is made at the path.
  Socket.connect({ path: "x" }, { unlink: "stale" });
  // @ts-expect-error: only listeners have a backlog.
  Socket.bind({ path: "x" }, { backlog: 1 });
  // @ts-expect-error: the socket has its type already.
  socket.connect({ path: "x" }, { type: "dgram" });
  // @ts-expect-error: the socket has its type already.
  Socket.from(0, { type: "dgram" });
  // @ts-expect-error: a server is a listener's.
  Socket.from(netServer);
});

test("a socket's options have few values", () => {
  expectTypeOf<SocketType>().toEqualTypeOf<"stream" | "seqpacket" | "dgram" | "raw">();
  expectTypeOf<MaxFds>().toEqualTypeOf<number | "refuse">();
  // @ts-expect-error: the address says the family.
  Socket.bind({ path: "x" }, { type: "unix" });
  // @ts-expect-error: only what is stale is replaced.
  Socket.bind({ path: "x" }, { unlink: true });
  // @ts-expect-error: "refuse" is the only word.
  Socket.bind({ path: "x" }, { maxFds: "none" });
  // @ts-expect-error: permissions are a number.
  Socket.bind({ path: "x" }, { mode: "600" });
  // @ts-expect-error: no message has this name.
  Socket.bind({ path: "x" }, { receive: ["nonsense"] });
  // @ts-expect-error: `receive()` alone takes switches.
  Socket.bind({ path: "x" }, { receive: { ipTos: true } });
});

test("socketpair takes a type, and what goes with Unix sockets", () => {
  expectTypeOf(
    socketpair("seqpacket", { protocol: 0, receive: ["credentials"], maxFds: "refuse" }),
  ).toEqualTypeOf<[Socket, Socket]>();
  // @ts-expect-error: the type comes first.
  socketpair({ maxFds: 1 });
  // @ts-expect-error: Unix sockets have no ports.
  socketpair("stream", { reusePort: true });
});

test("receive takes names and switches", () => {
  expectTypeOf(socket.receive("ipTos", { ipTtl: false, credentials: true })).toEqualTypeOf<Socket>();
  const names: readonly ControlName[] = packetInfoNames("ipv6", { segments: true });
  socket.receive(...names);
  socket.receive();
  // @ts-expect-error: no message has this name.
  socket.receive("nonsense");
  // @ts-expect-error: no message has this name.
  socket.receive({ nonsense: true });
  // @ts-expect-error: on or off.
  socket.receive({ ipTos: 1 });
  // @ts-expect-error: names are spread.
  socket.receive(names);
  // @ts-expect-error: what has no name can't be switched on by it.
  socket.receive("unknown");
  // @ts-expect-error: it is "ipv4".
  packetInfoNames("inet");
});

test("a socket is made by functions, and tells about itself", () => {
  // @ts-expect-error: by Socket.connect(), …
  new Socket();
  // @ts-expect-error: by Listener.listen().
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
  // @ts-expect-error: "write", and so on.
  socket.shutdown("rdwr");
  // @ts-expect-error
  socket.fd = 0;
  // @ts-expect-error
  socket.closed = true;
  // @ts-expect-error
  socket.type = "dgram";
});

test("loops give messages, connections and reports", async () => {
  for await (const each of socket) expectTypeOf(each).toEqualTypeOf<Message>();
  for await (const each of socket.messages({ maxFds: 1, onError: (error) => error.stack })) {
    expectTypeOf(each).toEqualTypeOf<Message>();
  }
  for await (const each of listener) expectTypeOf(each).toEqualTypeOf<Socket>();
  for await (const each of listener.connections({ signal, onError: (error) => error.stack })) {
    expectTypeOf(each).toEqualTypeOf<Socket>();
  }
  for await (const each of socket.errors({ signal })) expectTypeOf(each).toEqualTypeOf<ErrorReport>();
  // @ts-expect-error: it is called with the error.
  socket.messages({ onError: (a: Error, b: Error) => [a, b] });
  // @ts-expect-error: connections bring no descriptors.
  listener.connections({ maxFds: 1 });
  // @ts-expect-error: what nobody reads is kept.
  socket.errors({ onError: () => {} });
});

test("the kind tells what a report says", () => {
  expectTypeOf(report.message).toEqualTypeOf<Message>();
  // @ts-expect-error: only what was not delivered has an origin.
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

test("a listener takes a socket's options and a backlog", () => {
  const options = { backlog: 1, type: "seqpacket", mode: 0o600, unlink: "stale", maxFds: 1 } as const;
  expectTypeOf(Listener.listen({ path: "x" }, options)).toEqualTypeOf<Promise<Listener>>();
  expectTypeOf(Listener.from(netServer, { maxFds: 1 })).toEqualTypeOf<Listener>();
  expectTypeOf(listener.accept({ signal })).toEqualTypeOf<Promise<Socket>>();
  expectTypeOf(listener.tryAccept()).toEqualTypeOf<Socket | undefined>();
  // @ts-expect-error: a backlog is a number.
  Listener.listen({ path: "x" }, { backlog: "1" });
  // @ts-expect-error: it listens already.
  Listener.from(0, { backlog: 1 });
  // @ts-expect-error: a connection is a socket's.
  Listener.from(netSocket);
  // @ts-expect-error: what is accepted has the listener's options.
  listener.accept({ maxFds: 1 });
});

test("MessageSocket is what a socket and its stand-in have in common", () => {
  expectTypeOf<Socket>().toExtend<MessageSocket>();
  expectTypeOf<Socket>().toExtend<MessageSocket<FileDescriptor>>();
  expectTypeOf<MemorySocket>().toExtend<MessageSocket>();
  expectTypeOf<MessageSocket>().not.toExtend<Socket>();
  expectTypeOf<MemorySocket>().not.toExtend<Socket>();
  expectTypeOf<MemorySocket>().not.toExtend<MessageSocket<FileDescriptor>>();
  expectTypeOf<MessageSocket>().toExtend<AsyncDisposable & AsyncIterable<Message<Descriptor>>>();
  expectTypeOf(eitherSocket.tryRecvmsg()).toEqualTypeOf<Message<Descriptor> | undefined>();
  expectTypeOf(eitherSocket.sendmsg({ data: "x" })).toEqualTypeOf<Promise<SendResult>>();
  // @ts-expect-error: a stand-in has no number.
  eitherSocket.fd;
  // @ts-expect-error: a stand-in has no options.
  eitherSocket.options;
  // @ts-expect-error: only the kernel's sockets switch messages on.
  eitherSocket.receive("credentials");
});

test("MessageListener is what a listener and its stand-in have in common", () => {
  expectTypeOf<Listener>().toExtend<MessageListener>();
  expectTypeOf<Listener>().toExtend<MessageListener<Socket>>();
  expectTypeOf<MemoryListener>().toExtend<MessageListener>();
  expectTypeOf<MemoryListener>().not.toExtend<Listener>();
  expectTypeOf<MemoryListener>().not.toExtend<MessageListener<Socket>>();
  expectTypeOf(eitherListener.accept()).toEqualTypeOf<Promise<MessageSocket>>();
  // @ts-expect-error: clients connect to an address.
  eitherListener.connect();
});

test("stand-ins take what they can use", () => {
  expectTypeOf(memorySocketpair("dgram", { maxFds: "refuse", capacity: 1 })).toEqualTypeOf<
    [MemorySocket, MemorySocket]
  >();
  const [memory] = memorySocketpair();
  expectTypeOf(memory.recvmsg()).toEqualTypeOf<Promise<Message<FakeDescriptor>>>();
  memory.failNext("sendmsg", "EPIPE", { bytesSent: 1 });
  // @ts-expect-error: there is no network in memory.
  memorySocketpair("raw");
  // @ts-expect-error: the kernel has control messages to switch on.
  memorySocketpair("stream", { receive: ["credentials"] });
  // @ts-expect-error: accepting is a listener's.
  memory.failNext("accept", "EMFILE");
  // @ts-expect-error: an error's name, or the error.
  memory.failNext("sendmsg", 32);
  // @ts-expect-error: a listener has connections.
  new MemoryListener({ type: "dgram" });
  // @ts-expect-error: by memorySocketpair().
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
  // @ts-expect-error: by FileDescriptor.adopt().
  new FileDescriptor(0);
  // @ts-expect-error: only a number has no owner yet.
  FileDescriptor.adopt(descriptor);
  // @ts-expect-error
  descriptor.fd = 0;
  // @ts-expect-error: a ticket is no number.
  FileDescriptor.claim(1);
});
