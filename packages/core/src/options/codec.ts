import { checkBytes, checkObject, checkString } from "../arguments.js";
import { codedError, invalidArgValue, quoted } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { didYouMean } from "../nearest-name.js";
import { checkInterfaceLookup } from "../wire/interface.js";
import { checkLayout, inLayout, type Layout, machineLayout } from "../wire/layout.js";
import type { Encoding, InterfaceLookup } from "../wire/payload.js";
import type { OptionEntry } from "./entry.js";
import {
  nearestOptionName,
  type OptionInput,
  type OptionName,
  type OptionValue,
  optionNamed,
} from "./table.js";

export interface DecodeOptionOptions {
  /** The layout of the program that the bytes belong to. Default: the layout of this process. */
  layout?: Layout | undefined;
}

export interface EncodeOptionOptions extends DecodeOptionOptions {
  /** Finds the index of a network interface by its name. Default: it is read from sysfs. */
  interfaceIndex?: InterfaceLookup | undefined;
}

/** The entry of a name that a user gave. */
export function checkOptionName(name: unknown): OptionEntry {
  const entry = optionNamed(checkString("name", name));
  if (entry === undefined) {
    const given = name as string;
    throw invalidArgValue(
      "name",
      `is not the name of a socket option: ${quoted(given)}${didYouMean(nearestOptionName(given))}`,
    );
  }
  return entry;
}

/** The bytes for setsockopt(2). Errors call the value `value`. */
export function encodeEntry(
  { payload, setPayload = payload }: OptionEntry,
  value: unknown,
  encoding: Encoding,
) {
  const length = setPayload.measure?.(value, encoding, "value") ?? inLayout(setPayload.size, encoding.layout);
  const bytes = new Uint8Array(length);
  setPayload.write(bytes, 0, value, encoding, "value", length);
  return bytes;
}

/** The value of the bytes that getsockopt(2) has given. */
export function decodeEntry({ payload, constant }: OptionEntry, bytes: Uint8Array, layout: Layout): unknown {
  const size = inLayout(payload.size, layout);
  let whole = bytes;
  if (bytes.length < size) {
    // An older kernel gives a shorter structure or integer. The rest is zero.
    whole = new Uint8Array(size);
    whole.set(bytes);
  }
  const value = payload.read(whole, 0, whole.length, layout);
  if (value === undefined) {
    throw codedError("ERR_SENDMSG_OPTION_VALUE", `The bytes of ${constant} are no ${payload.ctype}`);
  }
  return value;
}

const DECODE_KEYS = /* @__PURE__ */ keysOf<DecodeOptionOptions>({ layout: true });
const ENCODE_KEYS = /* @__PURE__ */ keysOf<EncodeOptionOptions>({ layout: true, interfaceIndex: true });

const checkOptionalLayout = (layout: Layout | undefined): Layout =>
  layout === undefined ? machineLayout : checkLayout(layout);

/**
 * Returns the bytes that setsockopt(2) takes for an option's value.
 *
 * @throws TypeError, RangeError: the value is of another type or out of range, naming `value` or its field.
 * @see setsockopt(2)
 */
export function encodeOption<N extends OptionName>(
  name: N,
  value: OptionInput<N>,
  options: EncodeOptionOptions = {},
): Uint8Array {
  const entry = checkOptionName(name);
  const { layout, interfaceIndex } = checkObject("options", options, ENCODE_KEYS);
  return encodeEntry(entry, value, {
    layout: checkOptionalLayout(layout),
    interfaceIndex: checkInterfaceLookup(interfaceIndex),
  });
}

/**
 * Returns the value of the bytes that getsockopt(2) has given.
 *
 * @throws `ERR_SENDMSG_OPTION_VALUE`: the bytes are no value of this option.
 * @see getsockopt(2)
 */
export function decodeOption<N extends OptionName>(
  name: N,
  bytes: Uint8Array,
  options: DecodeOptionOptions = {},
): OptionValue<N> {
  const entry = checkOptionName(name);
  const { layout } = checkObject("options", options, DECODE_KEYS);
  return decodeEntry(entry, checkBytes("bytes", bytes), checkOptionalLayout(layout)) as OptionValue<N>;
}
