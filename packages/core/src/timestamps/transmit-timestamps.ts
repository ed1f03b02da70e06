import { checkArray, checkInteger, checkObject, checkSignal } from "../arguments.js";
import { AF_INET, AF_INET6, AF_PACKET } from "../constants/address-families.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import {
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_ID_TCP,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../constants/timestamping.js";
import type { ControlMessage } from "../control/index.js";
import { closedError, codedError, invalidArgType, invalidArgValue, printed } from "../errors.js";
import { kernelIsOlderThan } from "../kernel-version.js";
import { keysOf } from "../known-keys.js";
import type { Message, OutgoingMessage } from "../message.js";
import type { ErrorQueue } from "../socket/error-queue.js";
import { errorReport } from "../socket/error-report.js";
import { factsOf } from "../socket/facts.js";
import { rejectInTurn } from "../socket/fairness.js";
import { checkMessage } from "../socket/outgoing.js";
import { NO_SEND_OPTIONS, SEND_KEYS, type SendOptions } from "../socket/send-options.js";
import { type SendResult, withBytesSent } from "../socket/send-queue.js";
import { errorQueueOf, Socket } from "../socket.js";
import { ByteIds } from "./byte-ids.js";
import { CountedIds } from "./counted-ids.js";
import { GivenIds } from "./given-ids.js";
import type { Numbering } from "./numbering.js";
import { PendingSend, PendingSends } from "./pending-sends.js";
import { unacknowledgedBytes } from "./unacknowledged-bytes.js";

/**
 * A point on a message's way. "scheduled": it entered the packet scheduler. "sent": the driver passed it to the device.
 * "acknowledged": the peer acknowledged all its bytes (only on TCP).
 */
export type TransmitEvent = "scheduled" | "sent" | "acknowledged";

export interface TransmitTimestampsOptions {
  /** Which timestamps to wait for. Default: `["sent"]`. */
  events?: readonly TransmitEvent[];
  /**
   * How many milliseconds to wait for a message's timestamps after the kernel has taken it. Default: 1000. A message that waits for its
   * {@link enableTxTime | time} needs longer.
   */
  timeout?: number;
  /** How many messages may wait for their timestamps. If there are more, the oldest waits no longer. Default: 1024. */
  limit?: number;
}

/**
 * What a send with timestamps has brought. The times are those of the clock "realtime", in nanoseconds. A time is missing if the
 * kernel did not report it in time.
 */
export interface StampedSend extends SendResult {
  /** When the message entered the packet scheduler. */
  scheduled?: bigint;
  /** When the driver passed the message to the device. */
  sent?: bigint;
  /** When the peer's acknowledgement of the last byte came. */
  acknowledged?: bigint;
}

const FLAGS: Readonly<Record<TransmitEvent, number>> = {
  scheduled: SOF_TIMESTAMPING_TX_SCHED,
  sent: SOF_TIMESTAMPING_TX_SOFTWARE,
  acknowledged: SOF_TIMESTAMPING_TX_ACK,
};

const OPTIONS = /* @__PURE__ */ keysOf<TransmitTimestampsOptions>({
  events: true,
  timeout: true,
  limit: true,
});

const TIMEOUT = 1000;
const LIMIT = 1024;

/** Control messages that this class adds itself. */
const ADDED: ReadonlySet<string> = new Set(["tsOptId", "timestampingFlags", "timestampingFlagsOld"]);

function checkEvents(events: unknown, isTcp: boolean): TransmitEvent[] {
  const checked = new Set<TransmitEvent>();
  checkArray<TransmitEvent>("options.events", events).forEach((event, i) => {
    if (!Object.hasOwn(FLAGS, event)) {
      throw invalidArgValue(
        `options.events[${i}]`,
        `must be "scheduled", "sent" or "acknowledged". Received ${printed(event)}`,
      );
    }
    if (event === "acknowledged" && !isTcp) {
      throw invalidArgValue(`options.events[${i}]`, 'must not be "acknowledged": only TCP peers acknowledge');
    }
    checked.add(event);
  });
  if (checked.size === 0) throw invalidArgValue("options.events", "must not be empty");
  return [...checked];
}

/**
 * Sends messages and tells when they left: `const { sent } = await timestamps.sendmsg({ data })`. For TCP, UDP, raw and packet
 * sockets. The timestamps are the kernel's own (software), not those of a network card.
 *
 * It asks for timestamps only for the messages that go through it. Its reports don't come to `socket.errors()`; all others do. On
 * TCP, send everything through it, because the kernel counts the socket's bytes. On other sockets this matters only before Linux 6.13:
 * there, don't ask for transmit timestamps in another way.
 *
 * @see Documentation/networking/timestamping.rst, of the kernel
 */
export class TransmitTimestamps implements Disposable {
  readonly #socket: Socket;
  readonly #queue: ErrorQueue;
  readonly #pending: PendingSends;
  readonly #numbering: Numbering;
  readonly #flags: ControlMessage;
  readonly #option: "timestamping" | "timestampingOld";
  /** The bits of SO_TIMESTAMPING that we have set. */
  #bits = 0;
  #closed = false;

  /**
   * @throws TypeError, RangeError; `ERR_INVALID_STATE`: another TransmitTimestamps has the socket, or the program has switched on
   *   SOF_TIMESTAMPING_OPT_ID; `ENOTCONN`: a TCP socket is not connected.
   */
  constructor(socket: Socket, options: TransmitTimestampsOptions = {}) {
    if (!(socket instanceof Socket))
      throw invalidArgType("socket", "a Socket", socket, "Of a UdpSocket, give its socket");
    const { events = ["sent"], timeout = TIMEOUT, limit = LIMIT } = checkObject("options", options, OPTIONS);
    if (socket.closed) throw closedError("socket");
    const { family, type } = factsOf(socket.fd);
    if (family !== AF_INET && family !== AF_INET6 && family !== AF_PACKET) {
      throw invalidArgValue(
        "socket",
        "must be a TCP, UDP, raw or packet socket: others make no timestamps here",
      );
    }
    const isTcp = type === SOCK_STREAM;
    const checked = checkEvents(events, isTcp);
    checkInteger("options.timeout", timeout, 1, 0x7fffffff);
    checkInteger("options.limit", limit, 1, 1 << 20);
    this.#socket = socket;
    this.#queue = errorQueueOf(socket);
    if (this.#queue.taker !== undefined) {
      throw codedError("ERR_INVALID_STATE", "Another TransmitTimestamps has this socket: close() it first");
    }
    // Every kernel with this message knows the old number, whatever the width of the timestamps.
    this.#flags = {
      name: "timestampingFlagsOld",
      value: checked.reduce((bits, event) => bits | FLAGS[event], 0),
    };
    this.#option = usesOldWidth(socket) ? "timestampingOld" : "timestamping";
    this.#pending = new PendingSends(this.#queue, checked, timeout, limit);
    const counts = isTcp || kernelIsOlderThan("6.13");
    if (counts && socket.options.get("timestampingOld") & SOF_TIMESTAMPING_OPT_ID) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The socket already has SOF_TIMESTAMPING_OPT_ID: the kernel's counter can begin only once. Switch it off first",
      );
    }
    if (isTcp) this.#numbering = new ByteIds(socket, this.#pending, this.#beginCountingBytes());
    else {
      this.#switchOn(0);
      this.#numbering = counts ? new CountedIds(socket, this.#pending) : new GivenIds(socket, this.#pending);
    }
    this.#queue.taker = {
      isAwaited: () => this.#pending.size > 0,
      take: (entry) => this.#take(entry),
      fail: (error) => this.#pending.failAll(error),
    };
  }

  /** How many messages wait for their timestamps. */
  get pending(): number {
    return this.#pending.size;
  }

  /** How many messages were sent but had to do without a timestamp, because the kernel did not report it in time. */
  get missed(): number {
    return this.#pending.missed;
  }

  /**
   * Sends one message, as {@link Socket.sendmsg} does, and waits for its timestamps. Calls may overlap.
   *
   * A timestamp that does not come is missing in the result: the device makes none, the socket's receive buffer was full, or the
   * packet was dropped. Of a message that goes in several parts, each part has a timestamp: on TCP the last part's counts, on UDP the
   * first one's.
   *
   * @throws what {@link Socket.sendmsg} throws; AbortError and `ERR_SENDMSG_CLOSED` also while it waits for the timestamps. Then
   *   `bytesSent` says that the message has gone.
   */
  sendmsg(message: OutgoingMessage, options: SendOptions = NO_SEND_OPTIONS): Promise<StampedSend> {
    try {
      if (this.#closed) throw closedError("TransmitTimestamps");
      const signal = checkSignal("options.signal", checkObject("options", options, SEND_KEYS).signal);
      const stamped = this.#stamped(message);
      if (signal?.aborted) return this.#socket.sendmsg(stamped, { signal });
      const send = new PendingSend();
      this.#numbering.send(stamped, send, signal);
      return send.promise;
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
  }

  /**
   * Stops waiting: messages that were sent resolve with the timestamps that have come. The socket stays open, and its option
   * SO_TIMESTAMPING is as it was before. A second call does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.giveUp();
    this.#queue.taker = undefined;
    if (this.#socket.closed) return;
    this.#socket.options.set(this.#option, this.#present() & ~this.#bits);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The message with a request for timestamps. */
  #stamped(message: OutgoingMessage): OutgoingMessage {
    const { data, fds, control = [], address, segmentSize, flags } = checkMessage(message);
    const list = checkArray<ControlMessage>("message.control", control);
    list.forEach((item, i) => {
      if (ADDED.has(item?.name)) {
        throw invalidArgValue(
          `message.control[${i}]`,
          `must not be "${item.name}": TransmitTimestamps gives it`,
        );
      }
    });
    const stamped: OutgoingMessage = { control: [...list, this.#flags] };
    if (data !== undefined) stamped.data = data;
    if (fds !== undefined) stamped.fds = fds;
    if (address !== undefined) stamped.address = address;
    if (segmentSize !== undefined) stamped.segmentSize = segmentSize;
    if (flags !== undefined) stamped.flags = flags;
    return stamped;
  }

  #take(entry: Message): boolean {
    const report = errorReport(entry);
    if (report.kind === "undelivered") this.#numbering.noteUndelivered();
    if (report.kind !== "timestamp" || report.software === undefined) return false;
    const { event, id, software } = report;
    return typeof event === "string" && event !== "completed" && this.#numbering.report(id, event, software);
  }

  /** The option's present value. The old number also reads what was set by the new one. */
  #present(): number {
    return this.#socket.options.get("timestampingOld");
  }

  #switchOn(more: number): void {
    const before = this.#present();
    const ours = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY | more;
    this.#socket.options.set(this.#option, before | ours);
    this.#bits = ours & ~before;
  }

  /** Returns what the kernel has counted before the first byte that we send. */
  #beginCountingBytes(): number {
    // Throws ENOTCONN. SO_TIMESTAMPING would say EINVAL.
    this.#socket.getpeername();
    if (!kernelIsOlderThan("6.2")) {
      this.#switchOn(SOF_TIMESTAMPING_OPT_ID_TCP);
      return 0;
    }
    // Older kernels begin to count at the first byte that the peer has not acknowledged. That must not change meanwhile.
    for (;;) {
      const before = unacknowledgedBytes(this.#socket.fd);
      this.#switchOn(0);
      if (unacknowledgedBytes(this.#socket.fd) === before) return before;
      this.#socket.options.set(this.#option, this.#present() & ~this.#bits);
    }
  }
}

/** Whether the socket's timestamps have seconds of 32 bits in 32-bit programs. Setting the other option would change all of them. */
function usesOldWidth({ options }: Socket): boolean {
  if (kernelIsOlderThan("5.1")) return true;
  if (options.get("timestampOld") || options.get("timestampNsOld")) return true;
  return options.get("timestampingOld") !== 0 && options.get("timestamping") === 0;
}
