import { expectTypeOf, test } from "vitest";
import { AF_UNIX, SO_RCVBUF, SOCK_STREAM, SOL_SOCKET } from "../../src/constants/index.js";
import type { FileDescriptor, Socket } from "../../src/index.js";
import {
  type Accepted,
  accept4,
  bind,
  close,
  getsockname,
  getsockopt,
  type Received,
  recvmmsg,
  recvmsg,
  sendmmsg,
  sendmsg,
  setsockopt,
  socket,
  socketpair,
} from "../../src/syscalls/index.js";

declare const bytes: Uint8Array;
declare const owned: FileDescriptor;
declare const own: Socket;

test("descriptors are numbers", () => {
  expectTypeOf(socket(AF_UNIX, SOCK_STREAM, 0, { blocking: true })).toEqualTypeOf<number>();
  expectTypeOf(socketpair(AF_UNIX, SOCK_STREAM)).toEqualTypeOf<[number, number]>();
  expectTypeOf(accept4(0, { timeout: 1, blocking: true })).toEqualTypeOf<Accepted>();
  expectTypeOf<Accepted>().toEqualTypeOf<{ fd: number; address: Uint8Array }>();
  // @ts-expect-error: the object would keep its number, and close it later.
  close(owned);
  // @ts-expect-error: the object would keep its number, and close it later.
  sendmsg(own, "x");
  // @ts-expect-error: the arguments are numbers, as in C.
  socket("unix", "stream");
});

test("constants have the kernel's numbers as types", () => {
  expectTypeOf<typeof AF_UNIX>().toEqualTypeOf<1>();
  expectTypeOf<typeof SOL_SOCKET>().toEqualTypeOf<1>();
});

test("addresses and control data are bytes", () => {
  expectTypeOf(getsockname(0)).toEqualTypeOf<Uint8Array>();
  bind(0, bytes);
  sendmsg(0, ["x", bytes], { control: bytes, address: bytes, flags: 1, timeout: 1 });
  // @ts-expect-error: encode it with `sendmsg/address`.
  bind(0, { path: "/run/x" });
  // @ts-expect-error: encode it with `sendmsg/control`.
  sendmsg(0, "x", { control: [{ name: "rights", value: [0] }] });
  // @ts-expect-error: the call is synchronous, so that no signal can end it.
  sendmsg(0, "x", { signal: AbortSignal.timeout(1) });
});

test("recvmsg returns counts, and the data is in the caller's memory", () => {
  expectTypeOf(recvmsg(0, [bytes, bytes.buffer], { control: bytes })).toEqualTypeOf<Received>();
  expectTypeOf<Received>().toEqualTypeOf<{
    bytes: number;
    controlLength: number;
    address?: Uint8Array;
    flags: number;
  }>();
  // @ts-expect-error: the call needs memory, not a size.
  recvmsg(0, 4096);
  // @ts-expect-error: there is no default memory.
  recvmsg(0);
});

test("the messages of a batch have their own data and memory", () => {
  expectTypeOf(sendmmsg(0, [{ data: "x", address: bytes }], { flags: 1 })).toEqualTypeOf<number>();
  expectTypeOf(recvmmsg(0, [{ buffers: bytes, control: bytes }])).toEqualTypeOf<Received[]>();
  // @ts-expect-error: each message is an object.
  sendmmsg(0, ["x"]);
  // @ts-expect-error: the flags belong to the call.
  sendmmsg(0, [{ data: "x", flags: 1 }]);
  // @ts-expect-error: each message needs memory.
  recvmmsg(0, [{ control: bytes }]);
});

test("an option is a number, or bytes if a length is given", () => {
  expectTypeOf(getsockopt(0, SOL_SOCKET, SO_RCVBUF)).toEqualTypeOf<number>();
  expectTypeOf(getsockopt(0, SOL_SOCKET, SO_RCVBUF, { length: 4 })).toEqualTypeOf<Uint8Array>();
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, true);
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, bytes);
  // @ts-expect-error: options must have a length.
  getsockopt(0, SOL_SOCKET, SO_RCVBUF, {});
  // @ts-expect-error: give a value that is no int as bytes.
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, 1n);
});
