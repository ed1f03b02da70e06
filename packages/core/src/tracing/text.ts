import { decodeAddress } from "../address/decode.js";
import { util } from "../builtins.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SCM_RIGHTS } from "../constants/socket.js";
import { controlItems } from "../control/items.js";
import { errnoName } from "../errno.js";
import { DENIED, GONE, type Iov, OFF_LOOP, THROTTLED } from "../native/binding.js";
import { readI32 } from "../wire/bytes.js";
import { NAMES } from "./names.js";

/** How many bytes of data a line shows. */
const SHOWN_BYTES = 32;
const INT = 4;

export const hex = (number: number): string => `0x${(number >>> 0).toString(16)}`;

/** "MSG_DONTWAIT|MSG_NOSIGNAL|0x100000". */
export function flagNames(names: Readonly<Record<number, string>>, flags: number): string {
  const parts: string[] = [];
  let rest = flags;
  for (let bit = 1; rest !== 0 && bit !== 0; bit <<= 1) {
    const name = names[bit >>> 0];
    if ((rest & bit) === 0 || name === undefined) continue;
    parts.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) parts.push(hex(rest));
  return parts.length > 0 ? parts.join("|") : "0";
}

export const messageFlags = (flags: number): string => flagNames(NAMES.messageFlags, flags);
export const familyText = (family: number): string => NAMES.families[family] ?? String(family);

/** The lower bits of SOCK_* are a number, the upper ones are flags. */
export function socketTypeText(type: number): string {
  const kind = type & 0xf;
  const flags = type & ~0xf;
  const name = kind === 0 ? undefined : (NAMES.socketTypes[kind] ?? String(kind));
  return (
    [name, flags === 0 ? undefined : flagNames(NAMES.socketTypes, flags)].filter(Boolean).join("|") || "0"
  );
}

export const levelText = (level: number): string => NAMES.levels[level] ?? String(level);
export const optionText = (level: number, option: number): string =>
  NAMES.options[`${level}:${option}`] ?? String(option);

const count = (length: number): string => `${length} byte${length === 1 ? "" : "s"}`;

/** The first bytes as a string of C. */
function quoted(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, SHOWN_BYTES)) {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === "\\") text += `\\${char}`;
    else if (char === "\n") text += "\\n";
    else if (byte >= 0x20 && byte < 0x7f) text += char;
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"${bytes.length > SHOWN_BYTES ? "..." : ""}`;
}

export const viewsOf = (iov: Iov): readonly Uint8Array[] => (iov instanceof Uint8Array ? [iov] : iov);

export const totalOf = (views: readonly Uint8Array[]): number =>
  views.reduce((total, { length }) => total + length, 0);

/** `5 bytes "hello"`: the first `length` bytes in these views. */
export function dataText(views: readonly Uint8Array[], length = totalOf(views)): string {
  if (length === 0) return count(0);
  const start: Uint8Array[] = [];
  let left = Math.min(length, SHOWN_BYTES + 1);
  for (const view of views) {
    start.push(view.subarray(0, left));
    left -= Math.min(view.length, left);
  }
  return `${count(length)} ${quoted(Buffer.concat(start))}`;
}

/** What a name of a file has before its NUL byte. */
export const pathText = (path: Uint8Array): string =>
  quoted(path.subarray(0, path[path.length - 1] === 0 ? -1 : undefined));

export const addressText = (bytes: Uint8Array): string =>
  util().inspect(decodeAddress(bytes), { breakLength: Number.POSITIVE_INFINITY, compact: 3 });

/** An int as `[1]`, anything else as bytes. */
export const valueText = (bytes: Uint8Array): string =>
  bytes.length === INT ? `[${readI32(bytes, 0)}]` : count(bytes.length);

/** What one message has besides its data. */
export interface Attached {
  control?: Uint8Array | null | undefined;
  address?: Uint8Array | null | undefined;
  /** Descriptors that are in no control data, because custody has taken them. */
  fds?: readonly number[];
  pidfd?: number | undefined;
  dropped?: number;
  /** msg_flags. */
  flags?: number;
}

/** `{data: 5 bytes "hello", fds: [5], control: [SCM_CREDENTIALS 12 bytes]}`. */
export function messageText(data: string, attached: Attached = {}): string {
  const { control, address, pidfd, dropped = 0, flags = 0 } = attached;
  const fds = [...(attached.fds ?? [])];
  const items: string[] = [];
  for (const { level, type, start, length } of control ? controlItems(control) : []) {
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      for (let at = start; at + INT <= start + length; at += INT) fds.push(readI32(control!, at));
    } else {
      items.push(
        `${NAMES.control[`${level}:${type}`] ?? `${levelText(level)} type ${type}`} ${count(length)}`,
      );
    }
  }
  const parts = [`data: ${data}`];
  if (fds.length > 0) parts.push(`fds: [${fds.join(", ")}]`);
  if (dropped > 0) parts.push(`closed: ${dropped} fd${dropped === 1 ? "" : "s"}`);
  if (pidfd !== undefined) parts.push(`pidfd: ${pidfd}`);
  if (items.length > 0) parts.push(`control: [${items.join(", ")}]`);
  if (address && address.length > 0) parts.push(`address: ${addressText(address)}`);
  if (flags !== 0) parts.push(`flags: ${messageFlags(flags)}`);
  return `{${parts.join(", ")}}`;
}

/** The result as strace(1) prints it. `value`: what the call returned, if it did not fail. */
export function resultText(result: number, value: (result: number) => string = String): string {
  switch (result) {
    case THROTTLED:
      return "? (not made: too many descriptors of this peer wait to be closed)";
    case OFF_LOOP:
      return "? (not made: a thread will make it)";
    case GONE:
      return "? (not made: other code has closed the descriptor)";
  }
  if (result <= DENIED) return `-1 ${errnoName(DENIED - result)} (a seccomp filter denies it)`;
  return result < 0 ? `-1 ${errnoName(result)}` : value(result);
}
