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
  // @ts-expect-error: an object goes on owning its number.
  close(owned);
  // @ts-expect-error: an object goes on owning its number.
  sendmsg(own, "x");
  // @ts-expect-error: numbers, as in C.
  socket("unix", "stream");
});

test("constants are the kernel's numbers", () => {
  expectTypeOf<typeof AF_UNIX>().toEqualTypeOf<1>();
  expectTypeOf<typeof SOL_SOCKET>().toEqualTypeOf<1>();
});

test("addresses and control data are bytes", () => {
  expectTypeOf(getsockname(0)).toEqualTypeOf<Uint8Array>();
  bind(0, bytes);
  sendmsg(0, ["x", bytes], { control: bytes, address: bytes, flags: 1, timeout: 1 });
  // @ts-expect-error: `sendmsg/address` encodes it.
  bind(0, { path: "/run/x" });
  // @ts-expect-error: `sendmsg/control` encodes it.
  sendmsg(0, "x", { control: [{ name: "rights", value: [0] }] });
  // @ts-expect-error: nothing is awaited.
  sendmsg(0, "x", { signal: AbortSignal.timeout(1) });
});

test("what is received is told, and is in the caller's memory", () => {
  expectTypeOf(recvmsg(0, [bytes, bytes.buffer], { control: bytes })).toEqualTypeOf<Received>();
  expectTypeOf<Received>().toEqualTypeOf<{
    bytes: number;
    controlLength: number;
    address?: Uint8Array;
    flags: number;
  }>();
  // @ts-expect-error: a size is no memory.
  recvmsg(0, 4096);
  // @ts-expect-error: there is no default.
  recvmsg(0);
});

test("batches have their messages' own bytes", () => {
  expectTypeOf(sendmmsg(0, [{ data: "x", address: bytes }], { flags: 1 })).toEqualTypeOf<number>();
  expectTypeOf(recvmmsg(0, [{ buffers: bytes, control: bytes }])).toEqualTypeOf<Received[]>();
  // @ts-expect-error: each is an object.
  sendmmsg(0, ["x"]);
  // @ts-expect-error: flags are the call's.
  sendmmsg(0, [{ data: "x", flags: 1 }]);
  // @ts-expect-error: each needs memory.
  recvmmsg(0, [{ control: bytes }]);
});

test("an option is a number, or bytes where a length is given", () => {
  expectTypeOf(getsockopt(0, SOL_SOCKET, SO_RCVBUF)).toEqualTypeOf<number>();
  expectTypeOf(getsockopt(0, SOL_SOCKET, SO_RCVBUF, { length: 4 })).toEqualTypeOf<Uint8Array>();
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, true);
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, bytes);
  // @ts-expect-error: a length is wanted, or no options.
  getsockopt(0, SOL_SOCKET, SO_RCVBUF, {});
  // @ts-expect-error: options have bytes for what is not an int.
  setsockopt(0, SOL_SOCKET, SO_RCVBUF, 1n);
});
