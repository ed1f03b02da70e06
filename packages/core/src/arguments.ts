import { isAnyArrayBuffer, isTypedArray, isUint8Array } from "node:util/types";
import { invalidArgType, invalidArgValue, outOfRange } from "./errors.js";
import { checkKeys, type KnownKeys } from "./known-keys.js";

// TypeScript checks each argument once, with these functions. The native layer checks nothing.

/** The bytes of a message. A string is sent as UTF-8. The pieces of a list are sent in order, as one message. */
export type Data =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | readonly (string | ArrayBufferView | ArrayBufferLike)[];

/** How many iov entries one system call accepts: UIO_MAXIOV, include/uapi/linux/uio.h. */
export const UIO_MAXIOV = 1024;

export function checkInteger(argument: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") throw invalidArgType(argument, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(argument, "an integer", value);
  if (value < min || value > max) throw outOfRange(argument, `>= ${min} && <= ${max}`, value);
  return value;
}

/** Whether the value can be a descriptor number. For lists, call this before building an entry's name, because that is slower. */
export const isFd = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff;

/** Checks that the value is a valid descriptor number. Only the kernel knows whether that descriptor is open. */
export function checkFd(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0x7fffffff);
}

export function checkUint32(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0xffffffff);
}

export function checkInt32(argument: string, value: unknown): number {
  return checkInteger(argument, value, -0x80000000, 0x7fffffff);
}

/** Checks message flags. Programs may give the int signed or unsigned. */
export function checkFlags(argument: string, value: unknown): number {
  return checkInteger(argument, value, -0x80000000, 0xffffffff) | 0;
}

export function checkBigint(argument: string, value: unknown, min: bigint, max: bigint): bigint {
  if (typeof value !== "bigint") throw invalidArgType(argument, "of type bigint", value);
  if (value < min || value > max) throw outOfRange(argument, `>= ${min}n && <= ${max}n`, value);
  return value;
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

/** Whether a program has added a property to all objects. In V8 this takes 4 ns; looking up each of our names would take 40 ns. */
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
 * Hides properties that come from a polluted Object.prototype, because the caller did not give them. Otherwise `{}` could ask for
 * descriptors (`maxFds`), and a message could send them (`fds`).
 *
 * Properties of a class and of `Object.create(defaults)` do count. Only enumerable pollution is detected: assignments and merges
 * make enumerable properties. Code that can define hidden properties on Object.prototype already controls the program.
 */
export function unpolluted<T>(value: T): T {
  if (!hasPollution() || value === null || typeof value !== "object") return value;
  return new Proxy(value, {
    // No receiver is passed, so that a getter of a class with private fields runs on the object itself.
    get: (target, name) => (isBelowObjectPrototype(target, name) ? Reflect.get(target, name) : undefined),
    has: (target, name) => isBelowObjectPrototype(target, name),
  });
}

/**
 * Checks that the value is an object that has no other keys (see {@link checkKeys}), and returns it without polluted properties (see
 * {@link unpolluted}). With ANY_KEYS, it may have any keys. `fix` says what to write instead of a value that is no object.
 */
export function checkObject<T extends object>(
  argument: string,
  value: T | undefined,
  keys: KnownKeys | undefined,
  fix?: string,
): T {
  // Reject bytes, lists and signals: they have none of our option names, so they would silently count as empty options.
  if (
    value === null ||
    typeof value !== "object" ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    value instanceof AbortSignal
  ) {
    throw invalidArgType(argument, "of type object", value, fix);
  }
  if (keys !== undefined) checkKeys(argument, value, keys);
  return unpolluted(value);
}

/** Checks a timeout in milliseconds. undefined becomes -1, which means no timeout. */
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

/** Returns a function that reads a view's real memory, even if the view's class overrides these properties. */
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

// Read once: the global `Buffer` is a getter, and calling it takes time.
const bufferPrototype: unknown = Buffer.prototype;

const lengthOfTypedArray: () => number = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  "length",
)!.get!;
/** Throws on an empty array whose buffer was detached. keys() would not throw once JavaScriptCore has compiled it. */
const includes: (value: number) => boolean = Object.getPrototypeOf(Uint8Array.prototype).includes;

/** The real length of an array. The array could have an own property `length` with another value. */
export const lengthOf = (bytes: Uint8Array): number => lengthOfTypedArray.call(bytes);

/**
 * Returns what `read` returns. If the memory was transferred, or a resizable buffer has shrunk, JavaScript throws; we explain that
 * error.
 */
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

/** Whether the value is exactly a Uint8Array or Buffer. A derived class could report another buffer or length. */
export function isPlainBytes(value: unknown): value is Uint8Array {
  if (!isUint8Array(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === bufferPrototype || prototype === Uint8Array.prototype;
}

/** Whether the value needs no other check: exactly a Uint8Array or Buffer, and not empty, so that its memory is not detached. */
export const isFilledBytes = (value: unknown): value is Uint8Array =>
  isPlainBytes(value) && lengthOf(value) > 0;

/** Returns the same memory as a plain Uint8Array. */
function plainView(argument: string, view: ArrayBufferView): Uint8Array {
  if (isPlainBytes(view)) {
    // Don't read `view.buffer`: V8 would first move a small array off its heap.
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

/** Returns a part of a view. subarray() would call a constructor that the view can choose (Symbol.species). */
export function partOf(view: Uint8Array, offset: number, length: number): Uint8Array {
  const { buffer, byteOffset } = extentOfTypedArray(view);
  return new Uint8Array(buffer, byteOffset + offset, length);
}

/** Returns the view from `offset` to its end. */
export const restOf = (view: Uint8Array, offset: number): Uint8Array =>
  partOf(view, offset, lengthOf(view) - offset);

/** Checks bytes that are an encoded value. */
export function checkBytes(argument: string, value: unknown): Uint8Array {
  if (!isUint8Array(value)) throw invalidArgType(argument, "an instance of Uint8Array", value);
  return plainView(argument, value);
}

/** Checks memory that will be read or written in place. Returns a Uint8Array over the same memory. */
export function checkView(argument: string, value: unknown): Uint8Array {
  // Don't use instanceof: a forged prototype deceives it, but not isView and isAnyArrayBuffer.
  if (ArrayBuffer.isView(value)) return plainView(argument, value);
  if (isAnyArrayBuffer(value)) return attached(argument, () => new Uint8Array(value));
  throw invalidArgType(argument, "an ArrayBufferView or ArrayBuffer", value);
}

/** Like {@link checkView}, but undefined becomes null. */
export function checkOptionalView(argument: string, value: unknown): Uint8Array | null {
  return value === undefined ? null : checkView(argument, value);
}

function checkPiece(argument: string, value: unknown): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return checkView(argument, value);
  throw invalidArgType(argument, "a string, an ArrayBufferView, an ArrayBuffer or a list of them", value);
}

/** Turns the data to send into one view, or into a dense array of views that the caller's code can't reach. */
export function checkData(argument: string, value: unknown): Uint8Array | Uint8Array[] {
  return Array.isArray(value) ? checkAll(argument, value, checkPiece) : checkPiece(argument, value);
}

/** Turns the buffers to fill into one view, or into a dense array of views. */
export function checkBuffers(argument: string, value: unknown): Uint8Array | Uint8Array[] {
  return Array.isArray(value) ? checkAll(argument, value, checkView) : checkView(argument, value);
}

/**
 * Returns a dense copy of a list that has at most `max` entries. A hole in a sparse list becomes undefined. Reading the list can
 * run the caller's code: a getter or a Proxy. `constant` is the kernel's name for the limit.
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

/** Returns a dense copy of a list of iov entries. */
export const checkList = (argument: string, list: readonly unknown[]): unknown[] =>
  checkArray(argument, list, UIO_MAXIOV, "UIO_MAXIOV");

function checkAll(
  argument: string,
  list: readonly unknown[],
  check: (argument: string, value: unknown) => Uint8Array,
): Uint8Array | Uint8Array[] {
  // Read the whole list before checking the first entry: a getter could transfer the buffer of an earlier entry.
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
