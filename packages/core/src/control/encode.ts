import { type AddressFamilyName, checkFamily, familyName } from "../address/family.js";
import { checkBytes, checkInt32, checkInteger, checkObject, checkString, unpolluted } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { invalidArgType, invalidArgValue, quoted } from "../errors.js";
import { checkKeys, keysOf } from "../known-keys.js";
import { didYouMean } from "../nearest-name.js";
import { write32 } from "../wire/bytes.js";
import { checkInterfaceLookup } from "../wire/interface.js";
import { checkLayout, inLayout, type Layout, machineLayout } from "../wire/layout.js";
import type { Encoding, InterfaceLookup } from "../wire/payload.js";
import { HEADER, spaceOf } from "./cmsg.js";
import { checkDescriptors, encodeRights } from "./rights.js";
import {
  type ControlMessage,
  entryNamed,
  hasFamily,
  type NamedEntry,
  nearestControlName,
  type UnknownControlMessage,
} from "./table.js";

export interface EncodeControlOptions {
  /**
   * The socket's family, by name or number (AF_*). Messages that such sockets don't have are refused. The kernel would ignore most
   * of them silently, for example descriptors on a UDP socket.
   */
  family?: AddressFamilyName | number | undefined;
  /** The layout of the program that will send the bytes. Default: the layout of this process. */
  layout?: Layout | undefined;
  /** Finds the index of a network interface by its name. Default: it is read from sysfs. */
  interfaceIndex?: InterfaceLookup | undefined;
  /** The name of the list in errors. Default: "control". */
  argument?: string | undefined;
}

const OPTION_KEYS = /* @__PURE__ */ keysOf<EncodeControlOptions>({
  family: true,
  interfaceIndex: true,
  argument: true,
  layout: true,
});

const NAMED_KEYS = /* @__PURE__ */ keysOf<Exclude<ControlMessage, UnknownControlMessage>>({
  name: true,
  value: true,
});

const UNKNOWN_KEYS = /* @__PURE__ */ keysOf<UnknownControlMessage>({
  name: true,
  level: true,
  type: true,
  data: true,
  truncated: true,
  length: true,
});

/** A checked message, and the length of its payload. */
interface Plan {
  readonly message: ControlMessage;
  readonly named: NamedEntry | undefined;
  readonly argument: string;
  readonly length: number;
}

function planUnknown(message: UnknownControlMessage, argument: string, isLast: boolean): Plan {
  checkKeys(argument, message, UNKNOWN_KEYS);
  checkInt32(`${argument}.level`, message.level);
  checkInt32(`${argument}.type`, message.type);
  const { length } = message;
  const data = checkBytes(`${argument}.data`, message.data);
  if (length !== undefined) {
    checkInteger(`${argument}.length`, length, data.length, Number.MAX_SAFE_INTEGER);
    if (!isLast && length > data.length) {
      throw invalidArgValue(`${argument}.length`, "can exceed the data's only in the last message");
    }
  }
  return { message, named: undefined, argument, length: data.length };
}

function plan(
  message: ControlMessage,
  argument: string,
  encoding: Encoding,
  family: number | undefined,
  isLast: boolean,
): Plan {
  if (message === null || typeof message !== "object" || ArrayBuffer.isView(message)) {
    throw invalidArgType(argument, "of type object", message);
  }
  const { name } = message;
  if (name === "unknown") return planUnknown(message, argument, isLast);
  checkKeys(argument, message, NAMED_KEYS);
  if (typeof name !== "string") throw invalidArgType(`${argument}.name`, "of type string", name);
  const named = entryNamed(name);
  if (named === undefined) {
    throw invalidArgValue(
      `${argument}.name`,
      `is not the name of a control message: ${quoted(name)}${didYouMean(nearestControlName(name))}`,
    );
  }
  if (family !== undefined && !hasFamily(named, family)) {
    throw invalidArgValue(
      `${argument}.name`,
      `is ${JSON.stringify(name)}, which sockets of the family ${familyName(family) ?? family} do not have`,
    );
  }
  const { payload } = named.entry;
  const value = `${argument}.value`;
  const length = payload.measure
    ? payload.measure(message.value, encoding, value)
    : inLayout(payload.size, encoding.layout);
  return { message, named, argument: value, length };
}

const HIGH = 2 ** 32;

function writeHeader(
  bytes: Uint8Array,
  at: number,
  layout: Layout,
  length: number,
  level: number,
  type: number,
): void {
  const header = inLayout(HEADER, layout);
  const total = Math.min(header + length, layout === "64" ? Number.MAX_SAFE_INTEGER : HIGH - 1);
  write32(bytes, at, total % HIGH);
  if (layout === "64") write32(bytes, at + 4, Math.floor(total / HIGH));
  write32(bytes, at + header - 8, level);
  write32(bytes, at + header - 4, type);
}

/**
 * Encodes messages into control data for sendmsg(2), in their order. The padding that CMSG_NXTHDR needs is zero.
 *
 * Every value is checked. An error names the place of the wrong value, as in `control[2].value.pid`. Messages that can only be
 * received are encoded too, but the kernel refuses to send them.
 *
 * @throws TypeError, RangeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 * @see cmsg(3), sendmsg(2)
 */
export function encodeControl(
  messages: readonly ControlMessage[],
  options?: EncodeControlOptions,
): Uint8Array {
  const given = options === undefined ? undefined : checkObject("options", options, OPTION_KEYS);
  const argument =
    given?.argument === undefined ? "control" : checkString("options.argument", given.argument);
  if (!Array.isArray(messages)) throw invalidArgType(argument, "an instance of Array", messages);
  const layout = given?.layout === undefined ? machineLayout : checkLayout(given.layout);
  const family = given?.family === undefined ? undefined : checkFamily("options.family", given.family);
  // Most programs send descriptors and nothing else. Without plans, encoding them takes half the time.
  const first = unpolluted(messages[0]);
  if (messages.length === 1 && first?.name === "rights" && (family === undefined || family === AF_UNIX)) {
    checkKeys(`${argument}[0]`, messages[0]!, NAMED_KEYS);
    return encodeRights(checkDescriptors(`${argument}[0].value`, first.value), layout);
  }
  const header = inLayout(HEADER, layout);
  const encoding = { layout, interfaceIndex: checkInterfaceLookup(given?.interfaceIndex) };

  const plans: Plan[] = [];
  let size = 0;
  for (let i = 0; i < messages.length; i++) {
    const isLast = i === messages.length - 1;
    const one = plan(unpolluted(messages[i]!), `${argument}[${i}]`, encoding, family, isLast);
    plans.push(one);
    // If the header says that the payload is longer than the data, padding would become part of the payload.
    const goesOn = one.named === undefined && statedLength(one) > one.length;
    size += goesOn ? header + one.length : spaceOf(one.length, layout);
  }

  const bytes = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < plans.length; i++) {
    const one = plans[i]!;
    const { message, named, length } = one;
    if (message.name === "unknown") {
      writeHeader(bytes, at, layout, statedLength(one), message.level, message.type);
      bytes.set(checkBytes(`${one.argument}.data`, message.data).subarray(0, length), at + header);
    } else {
      const { entry } = named!;
      writeHeader(bytes, at, layout, length, entry.level, entry.type);
      entry.payload.write(bytes, at + header, message.value, encoding, one.argument, length);
    }
    at += spaceOf(length, layout);
  }
  return bytes;
}

function statedLength({ message, length }: Plan): number {
  return message.name === "unknown" ? (message.length ?? length) : length;
}
