import { isAnyArrayBuffer, isTypedArray, isUint8Array } from "node:util/types";
import { invalidArgType, invalidArgValue, outOfRange } from "./errors.js";

// Arguments are checked once, here, in TypeScript: the native layer trusts what it is given.

/** What can be sent: a string is sent as UTF-8; a list is sent in order, as one message. */
export type Data =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | readonly (string | ArrayBufferView | ArrayBufferLike)[];

/** iov entries that one call takes: UIO_MAXIOV, include/uapi/linux/uio.h. */
export const UIO_MAXIOV = 1024;

export function checkInteger(argument: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") throw invalidArgType(argument, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(argument, "an integer", value);
  if (value < min || value > max) throw outOfRange(argument, `>= ${min} && <= ${max}`, value);
  return value;
}

/** Whether it can be a descriptor number. We ask this of a list's entries before we make their names, which takes longer. */
export const isFd = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff;

/** An int that is a valid descriptor number; whether it is open is for the kernel to say. */
export function checkFd(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0x7fffffff);
}

export function checkUint32(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0xffffffff);
}

export function checkInt32(argument: string, value: unknown): number {
  return checkInteger(argument, value, -0x80000000, 0x7fffffff);
}

/** Message flags: an int, given signed or unsigned. */
export function checkFlags(argument: string, value: unknown): number {
  return checkInteger(argument, value, -0x80000000, 0xffffffff) | 0;
}

export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw invalidArgType(argument, "of type boolean", value);
  return value;
}

export function checkString(argument: string, value: unknown): string {
  if (typeof value !== "string") throw invalidArgType(argument, "of type string", value);
  return value;
}

export function checkFunction<F>(argument: string, value: F): F {
  if (typeof value !== "function") throw invalidArgType(argument, "of type function", value);
  return value;
}

const everyObjects: object = Object.prototype;

/** Whether somebody has given all objects a property. In V8 this takes 4 ns; a list of our names would take 40. */
function hasPollution(): boolean {
  for (const _ in everyObjects) return true;
  return false;
}

function isBelowObjectPrototype(value: object, name: PropertyKey): boolean {
  for (let each: object | null = value; each !== null && each !== everyObjects; ) {
    if (Object.hasOwn(each, name)) return true;
    each = Object.getPrototypeOf(each);
  }
  return false;
}

/**
 * What a caller gave, without what all objects have: a property of Object.prototype is nobody's wish. With a polluted prototype,
 * `{}` would ask for descriptors (`maxFds`), and a message would bring them (`fds`).
 *
 * Properties of a class and of `Object.create(defaults)` count. What is polluted is seen if it is enumerable, as assignments and
 * merges make it: a program that defines hidden properties there runs as it likes anyway.
 */
export function own<T>(value: T): T {
  if (!hasPollution() || value === null || typeof value !== "object") return value;
  return new Proxy(value, {
    // Without a receiver: getters of classes with private fields work on the object itself.
    get: (target, name) => (isBelowObjectPrototype(target, name) ? Reflect.get(target, name) : undefined),
    has: (target, name) => isBelowObjectPrototype(target, name),
  });
}

/** Returns the object as it is to be read: see {@link own}. */
export function checkObject<T extends object>(argument: string, value: T | undefined): T {
  // Bytes, a list or a signal have no property that is looked for: taken for an object without any, they would vanish.
  if (
    value === null ||
    typeof value !== "object" ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    value instanceof AbortSignal
  ) {
    throw invalidArgType(argument, "of type object", value);
  }
  return own(value);
}

/** Milliseconds to wait at most; -1 (undefined): without end. */
export function checkTimeout(argument: string, value: unknown): number {
  return value === undefined ? -1 : checkInteger(argument, value, 0, 0x7fffffff);
}

export function checkSignal(argument: string, value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (
    value === null ||
    typeof value !== "object" ||
    typeof (value as AbortSignal).aborted !== "boolean" ||
    typeof (value as AbortSignal).addEventListener !== "function" ||
    typeof (value as AbortSignal).removeEventListener !== "function"
  ) {
    throw invalidArgType(argument, "an instance of AbortSignal", value);
  }
  return value as AbortSignal;
}

interface Extent {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Reads a view's own memory, whatever its class says. */
function extentReader(prototype: object): (view: ArrayBufferView) => Extent {
  const getter = (name: keyof Extent) => Object.getOwnPropertyDescriptor(prototype, name)!.get!;
  const [buffer, byteOffset, byteLength] = [getter("buffer"), getter("byteOffset"), getter("byteLength")];
  return (view) => ({
    buffer: buffer.call(view),
    byteOffset: byteOffset.call(view),
    byteLength: byteLength.call(view),
  });
}

const extentOfTypedArray = extentReader(Object.getPrototypeOf(Uint8Array.prototype));
const extentOfDataView = extentReader(DataView.prototype);

// The global `Buffer` is a getter, which takes time.
const bufferPrototype: unknown = Buffer.prototype;

const lengthOfTypedArray: () => number = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  "length",
)!.get!;
/** Throws if an empty array's memory was taken away. Once JavaScriptCore has compiled it, keys() does not. */
const includes: (value: number) => boolean = Object.getPrototypeOf(Uint8Array.prototype).includes;

/** How long an array is in fact: it can have a property of that name that says otherwise. */
export const lengthOf = (bytes: Uint8Array): number => lengthOfTypedArray.call(bytes);

/** What `read` makes of memory. JavaScript throws when that was taken away: transferred, or cut from a buffer that can be resized. */
function attached<T>(argument: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw invalidArgValue(
      argument,
      "must not be backed by an ArrayBuffer that is detached, or was made too short",
    );
  }
}

/** Whether it is a Uint8Array or Buffer, and of no class derived from them: such a class can state another buffer or length. */
export function isPlainBytes(value: unknown): value is Uint8Array {
  if (!isUint8Array(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === bufferPrototype || prototype === Uint8Array.prototype;
}

/** The same memory as a plain Uint8Array. */
function plainView(argument: string, view: ArrayBufferView): Uint8Array {
  if (isPlainBytes(view)) {
    // Without a look at its buffer: V8 would first move a small array off its heap.
    if (lengthOf(view) === 0) attached(argument, () => includes.call(view, 0));
    return view;
  }
  return attached(argument, () => {
    const isArray = isTypedArray(view);
    const extent = isArray ? extentOfTypedArray(view) : extentOfDataView(view);
    const { buffer, byteOffset, byteLength } = extent;
    if (isArray && byteLength === 0) includes.call(view, 0);
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
}

/** A part of a view. subarray() would call a constructor that the view's owner can choose (Symbol.species). */
export function partOf(view: Uint8Array, offset: number, length: number): Uint8Array {
  const { buffer, byteOffset } = extentOfTypedArray(view);
  return new Uint8Array(buffer, byteOffset + offset, length);
}

/** The view from `offset` bytes on. */
export const restOf = (view: Uint8Array, offset: number): Uint8Array =>
  partOf(view, offset, lengthOf(view) - offset);

/** Bytes of a value that is encoded or decoded. */
export function checkBytes(argument: string, value: unknown): Uint8Array {
  if (!isUint8Array(value)) throw invalidArgType(argument, "an instance of Uint8Array", value);
  return plainView(argument, value);
}

/** Bytes to be read or written in place, as a Uint8Array over the same memory. */
export function checkView(argument: string, value: unknown): Uint8Array {
  // isView and isAnyArrayBuffer can't be deceived by a prototype, as instanceof can.
  if (ArrayBuffer.isView(value)) return plainView(argument, value);
  if (isAnyArrayBuffer(value)) return attached(argument, () => new Uint8Array(value));
  throw invalidArgType(argument, "an ArrayBufferView or ArrayBuffer", value);
}

/** As {@link checkView}; null for undefined. */
export function checkOptionalView(argument: string, value: unknown): Uint8Array | null {
  return value === undefined ? null : checkView(argument, value);
}

function checkPiece(argument: string, value: unknown): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return checkView(argument, value);
  throw invalidArgType(argument, "a string, an ArrayBufferView, an ArrayBuffer or a list of them", value);
}

/** Flattens what is to be sent into one view, or a dense array of views that no user code can reach. */
export function checkData(argument: string, value: unknown): Uint8Array | Uint8Array[] {
  return Array.isArray(value) ? checkAll(argument, value, checkPiece) : checkPiece(argument, value);
}

/** Flattens the buffers that are to be filled. */
export function checkBuffers(argument: string, value: unknown): Uint8Array | Uint8Array[] {
  return Array.isArray(value) ? checkAll(argument, value, checkView) : checkView(argument, value);
}

/**
 * A dense copy of a list, of at most `max` entries: what is missing in a sparse one is undefined, and not passed over. Reading it can
 * run the caller's code: a getter, a Proxy. `constant`: what the kernel calls the limit.
 */
export function checkArray<T = unknown>(
  argument: string,
  value: unknown,
  max = Number.POSITIVE_INFINITY,
  constant?: string,
): T[] {
  if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
  const { length } = value;
  if (length > max) {
    throw outOfRange(`${argument}.length`, `<= ${max}${constant ? ` (${constant})` : ""}`, length);
  }
  const copy: T[] = [];
  for (let i = 0; i < length; i++) copy.push(value[i]);
  return copy;
}

/** A dense copy of a list of iov entries. */
export const checkList = (argument: string, list: readonly unknown[]): unknown[] =>
  checkArray(argument, list, UIO_MAXIOV, "UIO_MAXIOV");

function checkAll(
  argument: string,
  list: readonly unknown[],
  check: (argument: string, value: unknown) => Uint8Array,
): Uint8Array | Uint8Array[] {
  // The whole list is read before the first entry is checked: a getter may transfer the buffer of an earlier one.
  const entries = checkList(argument, list);
  if (entries.length === 1) return check(`${argument}[0]`, entries[0]);
  return entries.map((entry, i) => check(`${argument}[${i}]`, entry));
}

export function byteLength(iov: Uint8Array | readonly Uint8Array[]): number {
  if (iov instanceof Uint8Array) return lengthOf(iov);
  let total = 0;
  for (const view of iov) total += lengthOf(view);
  return total;
}
