import type { Socket as DgramSocket } from "node:dgram";
import type { FileHandle } from "node:fs/promises";
import type { Server as NetServer, Socket as NetSocket } from "node:net";
import { checkFd, isFd } from "../arguments.js";
import { FileDescriptor } from "../descriptor.js";
import { codedError, invalidArgType, invalidArgValue, printed } from "../errors.js";

/** Our own sockets have this method. We call it when another process has got their descriptor. */
const HANDED_OVER = Symbol.for("sendmsg.handedOver");

interface HandedOver {
  [HANDED_OVER](): void;
}

export { HANDED_OVER };

/** Our own sockets have this method. We call it before each attempt to send their descriptor. */
const HANDING_OVER = Symbol.for("sendmsg.handingOver");

interface HandingOver {
  [HANDING_OVER](): void;
}

export { HANDING_OVER };

/**
 * Our own sockets have this property: whether they hold bytes that the kernel no longer has. The receiver of the descriptor would
 * miss them.
 */
const HAS_UNREAD_DATA = Symbol.for("sendmsg.hasUnreadData");

export { HAS_UNREAD_DATA };

/** What can be sent as a descriptor: a number, or an object that has one. It is borrowed, and never closed. */
export type Sendable =
  | number
  | FileDescriptor
  | FileHandle
  | NetSocket
  | NetServer
  | DgramSocket
  | { readonly fd: number };

/** libuv's handle in a net.Socket, net.Server or dgram.Socket. */
interface Handled {
  _handle?: { fd?: number } | null;
  encrypted?: boolean;
  destroyed?: boolean;
}

// dgram.Socket keeps its handle behind a symbol. Its `_handle` is a deprecated getter that prints a warning.
function dgramHandle(value: object): { fd?: number } | null | undefined {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (symbol.description === "state symbol") {
      return (value as Record<symbol, { handle?: { fd?: number } | null }>)[symbol]?.handle;
    }
  }
  return undefined;
}

/** Returns the descriptor number of a value that the program wants to send. The value still owns the descriptor. */
export function borrowFd(argument: string, value: unknown): number {
  if (typeof value === "number") return checkFd(argument, value);
  if (typeof value !== "object" || value === null) throw notSendable(argument, value);
  if (FileDescriptor.isFileDescriptor(value)) {
    const { fd } = value;
    if (fd >= 0) return fd;
    throw codedError(
      "ERR_SENDMSG_CLOSED",
      `The "${argument}" argument is a FileDescriptor that was closed, detached or handed over`,
    );
  }

  if (HAS_UNREAD_DATA in value && value[HAS_UNREAD_DATA] === true) {
    throw codedError(
      "ERR_INVALID_STATE",
      `The "${argument}" argument has bytes that the kernel no longer has: receive them first`,
    );
  }
  const { encrypted } = value as Handled;
  if (encrypted === true) {
    throw invalidArgValue(
      argument,
      "must not be a TLSSocket: its keys and buffers stay behind in this process",
    );
  }
  if ("_handle" in value && !("fd" in value)) {
    const state = dgramHandle(value);
    const handle = state === undefined ? (value as Handled)._handle : state;
    if (handle === null || handle === undefined) throw closedHandle(argument, value);
    return openFd(argument, handle.fd, value, "handle");
  }
  const handle = dgramHandle(value);
  if (handle !== undefined) {
    if (handle === null) throw closedHandle(argument, value);
    return openFd(argument, handle.fd, value, "handle");
  }
  if ("fd" in value) return openFd(argument, (value as { fd: unknown }).fd, value, "object");
  throw notSendable(argument, value);
}

function notSendable(argument: string, value: unknown): Error {
  let fix = "";
  if (typeof value === "string") fix = "Open the file first, and give its FileHandle or its number";
  else if (typeof (value as { then?: unknown } | null | undefined)?.then === "function")
    fix = "Await it first";
  return invalidArgType(
    argument,
    "a descriptor number, or a FileDescriptor, FileHandle, socket, server or other object with an fd",
    value,
    fix,
  );
}

/** The error of a list of descriptors that is no array. */
export function notAList(argument: string, value: unknown): Error {
  let fix = "Write [file] for one";
  if (typeof value === "string")
    fix = "Open the file first, and give its FileHandle or its number in an array";
  else if (value instanceof Set) fix = "Write [...set]";
  return invalidArgType(argument, "an array of descriptors", value, fix);
}

/** Like {@link borrowFd}, for an entry of a list. Errors name the entry. */
export function borrowFdAt(list: string, i: number, value: unknown): number {
  if (isFd(value)) return value;
  if (FileDescriptor.isFileDescriptor(value)) {
    const { fd } = value;
    if (isFd(fd)) return fd;
  }
  return borrowFd(`${list}[${i}]`, value);
}

function closedHandle(argument: string, value: object): Error {
  return codedError(
    "ERR_SENDMSG_CLOSED",
    `The "${argument}" argument is ${printed(value)} without a descriptor: it is closed, or not yet open`,
  );
}

function openFd(argument: string, fd: unknown, value: object, what: "handle" | "object"): number {
  // Without a descriptor, libuv's handles have the number -1, or UV_EBADF if they never had one.
  if (fd === null || fd === undefined || fd === -1 || (what === "handle" && Number(fd) < 0)) {
    throw what === "handle"
      ? invalidArgValue(argument, "is not open, or has no descriptor (as a server in a cluster worker)")
      : closedHandle(argument, value);
  }
  return checkFd(`${argument}.fd`, fd);
}

/** If the value that was sent is one of our own sockets, tells it that another process now has its descriptor. */
export function markHandedOver(value: unknown): void {
  if (typeof value === "object" && value !== null && HANDED_OVER in value)
    (value as HandedOver)[HANDED_OVER]();
}

/** If the value to send is one of our own sockets, tells it that another process may get its descriptor in a moment. */
export function markHandingOver(value: unknown): void {
  if (typeof value === "object" && value !== null && HANDING_OVER in value)
    (value as HandingOver)[HANDING_OVER]();
}
