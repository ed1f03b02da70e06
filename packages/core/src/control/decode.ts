import { type AddressFamilyName, checkFamily } from "../address/family.js";
import { checkBytes, checkObject } from "../arguments.js";
import { keysOf } from "../known-keys.js";
import { copyBytes } from "../wire/bytes.js";
import { checkLayout, inLayout, type Layout, machineLayout } from "../wire/layout.js";
import { type ControlItem, newItem, readItem } from "./items.js";
import { type ControlMessage, entriesOf, levelMatchesFamily, type UnknownControlMessage } from "./table.js";

export interface DecodeControlOptions {
  /** The socket's family, by name or number (AF_*). Level 0 means something else on a Bluetooth socket than on an IP socket. */
  family?: AddressFamilyName | number | undefined;
  /** The layout of the program that received the bytes. Default: the layout of this process. */
  layout?: Layout | undefined;
}

const OPTION_KEYS = /* @__PURE__ */ keysOf<DecodeControlOptions>({ family: true, layout: true });

function unknown(bytes: Uint8Array, item: ControlItem, truncated: boolean): UnknownControlMessage {
  const { level, type, start, length, stated } = item;
  const message: UnknownControlMessage = {
    name: "unknown",
    level,
    type,
    data: copyBytes(bytes, start, start + length),
  };
  if (truncated) message.truncated = true;
  if (stated > length) message.length = stated;
  return message;
}

function decodeItem(
  bytes: Uint8Array,
  item: ControlItem,
  layout: Layout,
  family: number | undefined,
): ControlMessage {
  const { start, length } = item;
  if (item.stated > length) return unknown(bytes, item, true);
  // The item was cut if it is shorter than every payload that it could have.
  let truncated = false;
  let fits = false;
  const candidates = entriesOf(item.level, item.type);
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    if (!levelMatchesFamily(candidate, family)) continue;
    const { payload } = candidate.entry;
    const size = inLayout(payload.size, layout);
    if (length < size) truncated = true;
    else fits = true;
    if (length === size || (length > size && payload.measure) || payload.alsoReads?.includes(length)) {
      const value = payload.read(bytes, start, length, layout);
      // The table pairs each name with its payload; the compiler cannot see that here.
      if (value !== undefined) return { name: candidate.name, value } as ControlMessage;
    }
  }
  return unknown(bytes, item, truncated && !fits);
}

/**
 * Decodes control data from recvmsg(2) into messages, in the order of the data.
 *
 * No bytes make it throw. A message that has no name, the wrong length or impossible contents becomes `{ name: "unknown", level,
 * type, data }`. It has `truncated: true` if the payload is shorter than its type requires, or than its header says. If the data
 * end within a header, the list ends before it, as with CMSG_NXTHDR. Values are copies, so the bytes can be reused.
 *
 * Encoding the messages gives the same bytes again, except for bytes that no value contains: padding and reserved fields become
 * zero, an `ipTos` of four bytes becomes one byte, an error without a sockaddr gets an empty sockaddr, and a security label loses
 * the null byte at its end. Descriptors (`rights`, `pidfd`) are plain numbers here. The caller owns them if it received them
 * itself.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE: `bytes` is no Uint8Array, an option has an unknown value
 * @see cmsg(3), recvmsg(2)
 */
export function decodeControl(bytes: Uint8Array, options?: DecodeControlOptions): ControlMessage[] {
  const control = checkBytes("bytes", bytes);
  const given = options === undefined ? undefined : checkObject("options", options, OPTION_KEYS);
  const layout = given?.layout === undefined ? machineLayout : checkLayout(given.layout);
  const family = given?.family === undefined ? undefined : checkFamily("options.family", given.family);
  const messages: ControlMessage[] = [];
  const item = newItem();
  for (let at = 0; at < control.length; ) {
    at = readItem(control, at, layout, item);
    if (at < 0) break;
    messages.push(decodeItem(control, item, layout, family));
  }
  return messages;
}
