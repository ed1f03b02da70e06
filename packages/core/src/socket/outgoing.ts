import { type AddressInput, encodeAddress } from "../address/index.js";
import {
  byteLength,
  checkArray,
  checkBytes,
  checkData,
  checkFlags,
  checkInteger,
  checkObject,
  lengthOf,
} from "../arguments.js";
import { AF_INET, AF_INET6, AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET, SOL_UDP } from "../constants/levels.js";
import { MSG_MORE, MSG_ZEROCOPY } from "../constants/message-flags.js";
import { IPPROTO_UDP } from "../constants/protocols.js";
import { SCM_RIGHTS } from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import { UDP_SEGMENT } from "../constants/udp.js";
import { encodeControl } from "../control/encode.js";
import { EncodedControl } from "../control/encoded-control.js";
import type { ControlMessage } from "../control/table.js";
import { invalidArgValue, outOfRange } from "../errors.js";
import { MESSAGE_KEYS, type OutgoingMessage } from "../message.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import type { InterfaceLookup } from "../wire/payload.js";
import type { SocketFacts } from "./facts.js";
import { checkSendables } from "./sendables.js";

/** A message to send. Its parts are checked and encoded. */
export interface Outgoing<F, A> {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  /** The entries of `fds` as the caller gave them. A copy of the list, because the caller may change the list. */
  readonly sendables: readonly unknown[];
  /** The file of each entry. */
  readonly files: F[];
  /** The control messages other than descriptors. */
  readonly control: Uint8Array | null;
  /** The result of `encode`. */
  readonly address: A | undefined;
  readonly flags: number;
  /** The size of the datagrams to cut the data into. 0: it is one datagram. */
  readonly segmentSize: number;
}

/** Many programs first write sendmsg("text"). */
const MESSAGE_FIX = "Write sendmsg({ data: … })";

/** Checks that a message is an object, and that it has only the keys of a message. {@link checkOutgoing} checks the values. */
export const checkMessage = (message: OutgoingMessage): OutgoingMessage =>
  checkObject("message", message, MESSAGE_KEYS, MESSAGE_FIX);

/** udphdr.len is a u16. */
const MOST_BYTES = 0xffff;

/** Whether it is a UDP socket: not one of ICMP, nor UDP-Lite, whose datagrams the kernel does not cut. */
const isUdp = ({ family, type, protocol }: SocketFacts): boolean =>
  (family === AF_INET || family === AF_INET6) &&
  type === SOCK_DGRAM &&
  (protocol === 0 || protocol === IPPROTO_UDP);

function checkSegmentSize(argument: string, size: unknown, facts: SocketFacts): number {
  if (!isUdp(facts)) throw invalidArgValue(argument, "needs a UDP socket");
  return checkInteger(argument, size, 1, MOST_BYTES);
}

/** Encodes a message's address, or checks the one that the program has encoded. */
export function encodedAddress(
  argument: string,
  address: AddressInput | Uint8Array,
  interfaceIndex: InterfaceLookup,
): Uint8Array {
  if (!ArrayBuffer.isView(address)) return encodeAddress(address, argument, interfaceIndex);
  const bytes = checkBytes(argument, address);
  const length = lengthOf(bytes);
  // The family is the first two bytes.
  if (length < 2 || length > ADDRESS_SPACE) {
    throw outOfRange(`${argument}.length`, `>= 2 and <= ${ADDRESS_SPACE}`, length);
  }
  return bytes;
}

const NO_SENDABLES: readonly never[] = [];

/** Refuse descriptors among the control messages: the library would not duplicate them while the message waits. */
function isRights(item: ControlMessage | null | undefined): boolean {
  if (item?.name === "unknown") return item.level === SOL_SOCKET && item.type === SCM_RIGHTS;
  return item?.name === "rights";
}

const isSegmentSize = (item: ControlMessage | null | undefined): boolean =>
  item?.name === "unknown"
    ? item.level === SOL_UDP && item.type === UDP_SEGMENT
    : item?.name === "udpSegment";

/** MSG_ZEROCOPY is refused: our promise settles when the system call returns, but the kernel reads the bytes much later. */
export function checkSendFlags(argument: string, value: unknown, hasSegments: boolean): number {
  const flags = checkFlags(argument, value);
  if (hasSegments && flags & MSG_MORE) {
    throw invalidArgValue(
      argument,
      "must not have MSG_MORE with segmentSize: the kernel would join the datagrams",
    );
  }
  if (flags & MSG_ZEROCOPY) {
    throw invalidArgValue(
      argument,
      "must not have MSG_ZEROCOPY: the kernel would still read the memory after the send has settled. Call " +
        "sendmsg() of sendmsg/syscalls with the socket's fd, and don't change the memory until the completion is on " +
        "the error queue",
    );
  }
  return flags;
}

/**
 * Checks the parts of a message that a program wants to send.
 *
 * @param message An object of known keys, which checkObject() returned.
 * @param fileOf Returns the file of entry `i` of a list. Throws if the entry has no descriptor.
 * @param interfaceIndex Finds the interfaces that control messages name.
 * @param encode Encodes the address. Throws if the socket can't send to it.
 */
export function checkOutgoing<F, A>(
  message: OutgoingMessage,
  facts: SocketFacts,
  fileOf: (list: string, i: number, sendable: unknown) => F,
  encode: (argument: string, address: AddressInput | Uint8Array) => A,
  interfaceIndex: InterfaceLookup,
): Outgoing<F, A> {
  const { family, type } = facts;
  const { data = "", fds, control: items, address: given, segmentSize, flags } = message;
  let sendables: readonly unknown[] = NO_SENDABLES;
  const files: F[] = [];
  if (fds !== undefined) {
    sendables = checkSendables("message.fds", fds);
    for (let i = 0; i < sendables.length; i++) files.push(fileOf("message.fds", i, sendables[i]));
  }
  if (files.length > 0 && family !== AF_UNIX) {
    throw invalidArgValue("message.fds", "needs a Unix socket: on others the kernel ignores descriptors");
  }
  const size = segmentSize === undefined ? 0 : checkSegmentSize("message.segmentSize", segmentSize, facts);
  let control: Uint8Array | null = null;
  if (items instanceof EncodedControl) {
    control = items.bytes;
  } else if (items !== undefined) {
    const list = checkArray<ControlMessage>("message.control", items);
    const rights = list.findIndex(isRights);
    if (rights >= 0) {
      throw invalidArgValue(
        `message.control[${rights}]`,
        'must not be "rights": give the descriptors as message.fds',
      );
    }
    const segments = size > 0 ? list.findIndex(isSegmentSize) : -1;
    if (segments >= 0) {
      throw invalidArgValue(
        `message.control[${segments}]`,
        'must not be "udpSegment" if the message has segmentSize: leave it out',
      );
    }
    if (list.length > 0)
      control = encodeControl(list, { family, interfaceIndex, argument: "message.control" });
  }
  const address = given === undefined ? undefined : encode("message.address", given);
  const bits = flags === undefined ? 0 : checkSendFlags("message.flags", flags, segmentSize !== undefined);
  // Check the data last: a getter among the other properties could transfer buffers that were already checked.
  const iov = checkData("message.data", data);
  const total = byteLength(iov);
  if (files.length > 0 && type === SOCK_STREAM && total === 0) {
    throw invalidArgValue(
      "message.fds",
      "needs a byte of data to travel with: on a stream the kernel would lose the descriptors",
    );
  }
  return {
    iov,
    total,
    sendables,
    files,
    control,
    address,
    flags: bits,
    segmentSize: total > size ? size : 0,
  };
}
