import type { Address } from "../address/index.js";
import { checkArray, checkObject, checkUint32 } from "../arguments.js";
import {
  SCM_TSTAMP_ACK,
  SCM_TSTAMP_COMPLETION,
  SCM_TSTAMP_SCHED,
  SCM_TSTAMP_SND,
  SO_EE_CODE_TXTIME_INVALID_PARAM,
  SO_EE_CODE_TXTIME_MISSED,
  SO_EE_CODE_ZEROCOPY_COPIED,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_EE_ORIGIN_TXTIME,
  SO_EE_ORIGIN_ZEROCOPY,
} from "../constants/errqueue.js";
import { type ExtendedError, extendedError } from "../control/extended-error.js";
import type { ControlMessage, ControlValue } from "../control/index.js";
import { entryNamed } from "../control/table.js";
import { EMSGSIZE, errnoName } from "../errno.js";
import { ANY_KEYS } from "../known-keys.js";
import type { Message } from "../message.js";

/** A packet did not arrive. ICMP reports this, or this machine's own network stack does (`origin: "local"`). */
export interface UndeliveredReport<A extends Address = Address> {
  kind: "undelivered";
  origin: "icmp" | "icmp6" | "local";
  /** The error's name: "ECONNREFUSED", "EHOSTUNREACH", "EMSGSIZE", … */
  code: string;
  /** ICMP's own type and code. 0 if the origin is local. */
  icmp: { type: number; code: number };
  /** With EMSGSIZE: the largest possible packet. */
  mtu?: number;
  /** The sender of the report: a router, or the destination itself. */
  offender?: A;
  /** The address to which the packet was sent. */
  destination?: A;
  /** The packet's payload, or the part of it that the report contains. */
  data: Buffer;
  message: Message;
}

/** When a message reached a point on its way. The program asked for this with SO_TIMESTAMPING. */
export interface TimestampReport {
  kind: "timestamp";
  /**
   * "scheduled": it entered the packet scheduler; "sent": it was passed to the device; "acknowledged": the TCP or J1939 peer
   * acknowledged it; "completed": the Bluetooth controller finished it. A number: an event that newer kernels added.
   */
  event: "scheduled" | "sent" | "acknowledged" | "completed" | number;
  /**
   * With SOF_TIMESTAMPING_OPT_ID: the number of the datagram, the last byte on a stream, or the value of `tsOptId`. Otherwise 0.
   */
  id: number;
  /** The time of the kernel's clock, in nanoseconds since 1970. Absent if only the hardware took a timestamp. */
  software?: bigint;
  /** The time of the hardware's clock, in nanoseconds. */
  hardware?: bigint;
  /** TCP's statistics, with SOF_TIMESTAMPING_OPT_STATS. */
  statistics?: ControlValue<"timestampingOptStats">;
  /** The packet with its headers. Empty with SOF_TIMESTAMPING_OPT_TSONLY. */
  data: Buffer;
  message: Message;
}

/** The kernel has finished reading the memory of these MSG_ZEROCOPY sends. Each socket counts its sends from 0. */
export interface ZeroCopyReport {
  kind: "zeroCopy";
  first: number;
  last: number;
  /** True if the kernel copied the bytes after all. On the loopback interface it always does. */
  copied: boolean;
  message: Message;
}

/** A message with `txTime` was not sent, because its time was invalid or had passed. */
export interface TxTimeReport {
  kind: "txTime";
  reason: "invalid" | "missed" | number;
  txTime: bigint;
  message: Message;
}

/** Any other entry: see `message`. */
export interface OtherReport {
  kind: "other";
  message: Message;
}

/** An entry of the error queue, decoded. `kind` says which. */
export type ErrorReport<A extends Address = Address> =
  | UndeliveredReport<A>
  | TimestampReport
  | ZeroCopyReport
  | TxTimeReport
  | OtherReport;

type Named<N extends ControlMessage["name"]> = Extract<ControlMessage, { name: N }>;

/** struct sock_extended_err has a name for each family. */
const isExtendedError = (
  message: ControlMessage,
): message is Extract<ControlMessage, { value: ExtendedError }> =>
  entryNamed(message.name)?.entry.payload.ctype.startsWith(extendedError.ctype) ?? false;
const isStamps = (message: ControlMessage): message is Named<"timestamping" | "timestampingOld"> =>
  message.name === "timestamping" || message.name === "timestampingOld";
const isStatistics = (message: ControlMessage): message is Named<"timestampingOptStats"> =>
  message.name === "timestampingOptStats";

/** The fields of struct sock_extended_err that are numbers. */
const NUMBERS = ["errno", "origin", "type", "code", "info", "data"] as const;

const ICMP_ORIGINS = new Map<number, UndeliveredReport["origin"]>([
  [SO_EE_ORIGIN_LOCAL, "local"],
  [SO_EE_ORIGIN_ICMP, "icmp"],
  [SO_EE_ORIGIN_ICMP6, "icmp6"],
]);
const EVENTS = new Map<number, TimestampReport["event"]>([
  [SCM_TSTAMP_SCHED, "scheduled"],
  [SCM_TSTAMP_SND, "sent"],
  [SCM_TSTAMP_ACK, "acknowledged"],
  [SCM_TSTAMP_COMPLETION, "completed"],
]);
const REASONS = new Map<number, TxTimeReport["reason"]>([
  [SO_EE_CODE_TXTIME_INVALID_PARAM, "invalid"],
  [SO_EE_CODE_TXTIME_MISSED, "missed"],
]);

function undelivered(
  message: Message,
  error: ControlValue<"ipRecvErr" | "ipv6RecvErr">,
  origin: UndeliveredReport["origin"],
): UndeliveredReport {
  const report: UndeliveredReport = {
    kind: "undelivered",
    origin,
    code: errnoName(error.errno),
    icmp: { type: error.type, code: error.code },
    data: message.data,
    message,
  };
  if (error.errno === EMSGSIZE) report.mtu = error.info;
  if (error.offender !== undefined) report.offender = error.offender;
  if (message.address !== undefined) report.destination = message.address;
  return report;
}

function timestamp(
  message: Message,
  control: readonly ControlMessage[],
  { info, data }: { info: number; data: number },
): TimestampReport {
  const report: TimestampReport = {
    kind: "timestamp",
    event: EVENTS.get(info) ?? info,
    id: data,
    data: message.data,
    message,
  };
  const stamps = control.find(isStamps)?.value;
  if (stamps !== undefined && stamps.software !== 0n) report.software = stamps.software;
  if (stamps !== undefined && stamps.hardware !== 0n) report.hardware = stamps.hardware;
  const statistics = control.find(isStatistics)?.value;
  if (statistics !== undefined) report.statistics = statistics;
  return report;
}

/** Checks the control messages. The program may have built the message itself, so they can be anything. */
function checkControl(control: unknown): ControlMessage[] {
  return checkArray<ControlMessage>("message.control", control).map((item, i) => {
    const argument = `message.control[${i}]`;
    const checked = checkObject(argument, item, ANY_KEYS);
    if (isExtendedError(checked)) {
      const value: Record<string, unknown> = { ...checkObject(`${argument}.value`, checked.value, ANY_KEYS) };
      for (const field of NUMBERS) checkUint32(`${argument}.value.${field}`, value[field]);
    } else if (isStamps(checked)) {
      checkObject(`${argument}.value`, checked.value, ANY_KEYS);
    }
    return checked;
  });
}

/** Decodes an entry of the error queue, of a socket of any family. */
export function errorReport(message: Message): ErrorReport {
  const control = checkControl(checkObject("message", message, ANY_KEYS).control);
  const error = control.find(isExtendedError)?.value;
  if (error === undefined) return { kind: "other", message };
  const origin = ICMP_ORIGINS.get(error.origin);
  if (origin !== undefined) return undelivered(message, error, origin);
  switch (error.origin) {
    case SO_EE_ORIGIN_TIMESTAMPING:
      // The reports of Wi-Fi acknowledgements have the same origin, but no timestamps.
      return control.some(isStamps) ? timestamp(message, control, error) : { kind: "other", message };
    case SO_EE_ORIGIN_ZEROCOPY: {
      const copied = (error.code & SO_EE_CODE_ZEROCOPY_COPIED) !== 0;
      return { kind: "zeroCopy", first: error.info, last: error.data, copied, message };
    }
    case SO_EE_ORIGIN_TXTIME: {
      const txTime = (BigInt(error.data) << 32n) | BigInt(error.info);
      return { kind: "txTime", reason: REASONS.get(error.code) ?? error.code, txTime, message };
    }
    default:
      return { kind: "other", message };
  }
}

/** Iterates over the entries of a socket's error queue, until the socket is closed. */
export async function* iterateErrors(
  socket: { readonly closed: boolean; recvError(options: { signal?: AbortSignal }): Promise<Message> },
  options: { signal?: AbortSignal },
): AsyncGenerator<ErrorReport, void, undefined> {
  for (;;) {
    let message: Message;
    try {
      message = await socket.recvError(options);
    } catch (error) {
      // Other code can end the loop by closing the socket.
      if (socket.closed) return;
      throw error;
    }
    yield errorReport(message);
  }
}
