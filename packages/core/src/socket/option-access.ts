import { type AddressFamilyName, familyName, familyNumber } from "../address/family.js";
import { checkInt32, checkInteger, checkView } from "../arguments.js";
import { AF_SMC } from "../constants/address-families.js";
import { SOL_SCTP, SOL_SOCKET } from "../constants/levels.js";
import { SCTP_SOCKOPT_PEELOFF, SCTP_SOCKOPT_PEELOFF_FLAGS } from "../constants/sctp.js";
import { SO_PEERPIDFD } from "../constants/socket.js";
import { ENOPROTOOPT, EOPNOTSUPP, ERANGE } from "../errno.js";
import { explain, invalidArgValue, type SystemError, systemError } from "../errors.js";
import { type InspectArguments, ifPossible, inspected } from "../inspecting.js";
import { explainAge } from "../kernel-version.js";
import { DENIED } from "../native/binding.js";
import { binding } from "../native/load.js";
import { checkOptionName, decodeEntry, encodeEntry } from "../options/codec.js";
import type { OptionEntry } from "../options/entry.js";
import type {
  OptionInput,
  OptionQuery,
  OptionValue,
  ReadableOption,
  SettableOption,
} from "../options/table.js";
import { failure } from "../syscalls/failure.js";
import { SIZEOF_INT } from "../syscalls/int-option.js";
import { interfacesOf } from "../syscalls/kernel-interfaces.js";
import { refusePointersGet, refusePointersSet } from "../syscalls/pointers.js";
import { readI32 } from "../wire/bytes.js";
import { machineLayout } from "../wire/layout.js";
import type { Encoding } from "../wire/payload.js";
import { meansForbidden, meansUnknown } from "./option-errors.js";

/** Options whose value is a descriptor. As plain bytes it would have no owner, so getRaw() refuses these options. */
const DESCRIPTORS: readonly { level: number; option: number; instead: string }[] = [
  {
    level: SOL_SOCKET,
    option: SO_PEERPIDFD,
    instead: "SO_PEERPIDFD: peer.pidfd() returns a descriptor with an owner",
  },
  ...[SCTP_SOCKOPT_PEELOFF, SCTP_SOCKOPT_PEELOFF_FLAGS].map((option) => ({
    level: SOL_SCTP,
    option,
    instead: "SCTP_SOCKOPT_PEELOFF, which answers with a descriptor: call getsockopt() of sendmsg/syscalls",
  })),
];

/** The first size to try for a value that can be longer. The kernel says if it is too small. */
const USUAL_LENGTH = 1 << 15;

/** An upper limit for values, which usually have tens of bytes. */
const MAX_LENGTH = 1 << 20;

/** An option that was set. `value` is its int, or the int with which its value begins. */
export interface SetOption {
  readonly level: number;
  readonly option: number;
  readonly value: number;
}

/**
 * The options of one socket, by name and with their types.
 *
 * `socket.options.get("rcvBuf")`, `socket.options.set("reusePort", true)`. To switch control messages on, use
 * {@link Socket.receive} instead: it also makes room for them.
 *
 * @see getsockopt(2), setsockopt(2), socket(7), ip(7), ipv6(7), tcp(7), udp(7), unix(7), packet(7), netlink(7), vsock(7)
 */
export class SocketOptionAccess {
  readonly #owner: { open(): number };
  readonly #family: number;
  readonly #noteOption: ((set: SetOption) => void) | undefined;

  /**
   * @internal `owner` returns the descriptor's number, or throws once it is closed. `noteOption` is called when the program sets
   *   an option.
   */
  constructor(
    owner: { open(): number },
    family: number,
    noteOption?: (set: { level: number; option: number; value: number }) => void,
  ) {
    this.#owner = owner;
    this.#family = family;
    this.#noteOption = noteOption;
  }

  /**
   * Reads an option. On an SCTP socket, `query` says which association or address you mean.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE: there is no option of that name, or it can only be set.
   * @throws `ENOPROTOOPT`: this socket has no such option, or the kernel is too old; another system error.
   */
  get<N extends ReadableOption>(name: N, query?: OptionQuery<N>): OptionValue<N> {
    const entry = checkOptionName(name);
    if (entry.direction === "set") throw invalidArgValue("name", `can only be set: ${JSON.stringify(name)}`);
    const bytes = query === undefined ? undefined : encodeQuery(entry, query, encodingOf(this.#owner.open()));
    return decodeEntry(entry, this.#read(entry, bytes), machineLayout) as OptionValue<N>;
  }

  /**
   * Sets an option.
   *
   * @throws TypeError, RangeError: `value` or one of its fields has the wrong type, or is out of range.
   * @throws TypeError ERR_INVALID_ARG_VALUE: there is no option of that name, or it can only be read.
   * @throws `ENOPROTOOPT`: this socket has no such option, or the kernel is too old; `EPERM`, `EINVAL`, …
   */
  set<N extends SettableOption>(name: N, value: OptionInput<N>): void {
    const entry = checkOptionName(name);
    if (entry.direction === "get") throw invalidArgValue("name", `can only be read: ${JSON.stringify(name)}`);
    const fd = this.#owner.open();
    const bytes = encodeEntry(entry, value, encodingOf(fd));
    this.#checkFamily(entry, "setsockopt");
    const { setsockopt, setFilter } = binding();
    const result = (entry.takesProgram && Array.isArray(value) ? setFilter : setsockopt)(
      fd,
      entry.level,
      entry.option,
      bytes,
    );
    if (result < 0) throw refusal(entry, result, "setsockopt");
    this.#told(entry.level, entry.option, bytes);
  }

  /**
   * Reads any option by its numbers. Returns the bytes that the kernel wrote, at most `length`.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE: the option's value is a descriptor, which needs an owner, or its struct contains
   *   pointers.
   */
  getRaw(level: number, option: number, length: number): Uint8Array {
    checkInt32("level", level);
    checkInt32("option", option);
    checkInteger("length", length, 0, MAX_LENGTH);
    for (const each of DESCRIPTORS) {
      if (level === each.level && option === each.option) {
        throw invalidArgValue("option", `must not be ${each.instead}`);
      }
    }
    refusePointersGet("option", level, option, length);
    const bytes = new Uint8Array(length);
    const result = binding().getsockopt(this.#owner.open(), level, option, bytes);
    if (result < 0) throw failure(result, "getsockopt");
    return bytes.subarray(0, result);
  }

  /**
   * Sets any option by its numbers. Don't pass on numbers or bytes that you don't trust: if the option's struct contains a pointer,
   * the kernel follows it in this process. Options that are known to contain one are refused.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE: the option's struct contains pointers. The error says what to use instead.
   */
  setRaw(level: number, option: number, value: ArrayBufferView | ArrayBufferLike): void {
    checkInt32("level", level);
    checkInt32("option", option);
    const bytes = checkView("value", value);
    refusePointersSet("option", level, option, bytes.byteLength);
    const result = binding().setsockopt(this.#owner.open(), level, option, bytes);
    if (result < 0) throw failure(result, "setsockopt");
    this.#told(level, option, bytes);
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "SocketOptionAccess", () => {
      const family = this.#family;
      const fd = ifPossible(() => this.#owner.open());
      return fd === undefined ? { closed: true } : { fd, family: familyName(family) ?? family };
    });
  }

  #told(level: number, option: number, bytes: Uint8Array): void {
    if (bytes.length >= SIZEOF_INT) this.#noteOption?.({ level, option, value: readI32(bytes, 0) });
  }

  #read(entry: OptionEntry, query: Uint8Array | undefined): Uint8Array {
    const fd = this.#owner.open();
    this.#checkFamily(entry, "getsockopt");
    const { payload } = entry;
    const { size, reserve = size } = payload;
    // A process usually has few groups, but it can have 65536: so try a smaller size than the longest first.
    let length = Math.max(size[machineLayout], Math.min(reserve[machineLayout], USUAL_LENGTH));
    if (entry.lengthOf) {
      const start = new Uint8Array(size[machineLayout]);
      const result = binding().getsockopt(fd, entry.level, entry.option, start);
      if (result < 0) throw refusal(entry, result, "getsockopt");
      length = entry.lengthOf(start);
    }
    for (;;) {
      const bytes = new Uint8Array(length);
      if (query !== undefined) bytes.set(query);
      const result = binding().getsockopt(fd, entry.level, entry.option, bytes);
      // Some options cut the value and return its full length. Others fail.
      const isShort = result > length || (result === -ERANGE && payload.reserve !== undefined);
      if (isShort && length < MAX_LENGTH) {
        length = Math.max(result, length * 2);
        continue;
      }
      if (result < 0) throw refusal(entry, result, "getsockopt");
      return bytes.subarray(0, result);
    }
  }

  /** On sockets of other families, a level can mean something else: SOL_TCP is Bluetooth's SOL_L2CAP, and SOL_IP is its SOL_HCI. */
  #checkFamily({ families, constant }: OptionEntry, syscall: string): void {
    // SMC passes the options of TCP on to TCP.
    if (families === undefined || this.#family === AF_SMC) return;
    if (families.some((family) => familyNumber(family) === this.#family)) return;
    const error = systemError(ENOPROTOOPT, syscall);
    explain(
      error,
      `${constant} is an option of ${listed(families)} sockets, and this one is ${nameOf(this.#family)}`,
    );
    throw error;
  }
}

const encodingOf = (fd: number): Encoding => ({ layout: machineLayout, interfaceIndex: interfacesOf(fd) });

function encodeQuery({ query, constant }: OptionEntry, value: unknown, encoding: Encoding): Uint8Array {
  if (query === undefined) throw invalidArgValue("query", `must not be given: ${constant} has none`);
  const bytes = new Uint8Array(query.size[machineLayout]);
  query.write(bytes, 0, value, encoding, "query", bytes.length);
  return bytes;
}

export const listed = (families: readonly AddressFamilyName[]): string => families.join(" and ");

export const nameOf = (family: number): string => familyName(family) ?? `of family ${family}`;

function refusal(entry: OptionEntry, result: number, syscall: string): SystemError {
  const error = failure(result, syscall);
  if (result <= DENIED) return error;
  const { constant, since, privilege } = entry;
  const age = meansUnknown(result) ? explainAge(constant, since) : undefined;
  const needs =
    meansForbidden(result) && syscall === "setsockopt" && privilege !== undefined
      ? `setting ${constant} needs ${privilege}`
      : undefined;
  const isUnknown = result === -ENOPROTOOPT || result === -EOPNOTSUPP;
  explain(error, needs ?? age ?? (isUnknown ? `this socket has no ${constant}` : constant));
  return error;
}
