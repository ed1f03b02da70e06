import { detailsOf } from "../address/encode.js";
import { decodeAddress } from "../address/index.js";
import { AF_AX25, AF_NETROM, AF_RDS, AF_ROSE, AF_X25 } from "../constants/address-families.js";
import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../constants/message-flags.js";
import { EAGAIN, EMSGSIZE } from "../errno.js";
import type { SystemError } from "../errors.js";
import {
  type Binding,
  CALL_ADDRESS,
  CALL_CONTROL,
  CALL_FD,
  CALL_FLAGS,
  CALL_GENERATION,
  CALL_PURGES,
  CALL_SIZE,
  GONE,
  OFF_LOOP,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { placeAddress, placeControl, placeData } from "../native/scratch.js";
import type { Unsent } from "../reasons/plain-send.js";
import { type Reasons, withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { callOffLoop } from "./readiness.js";
import type { SegmentCalls } from "./segmentation.js";

/** Families that refuse MSG_NOSIGNAL. There we leave it out: runtimes ignore SIGPIPE anyway. */
const REFUSE_NOSIGNAL: ReadonlySet<number> = new Set([AF_RDS, AF_AX25, AF_NETROM, AF_ROSE, AF_X25]);

/** What an error's text says about the message that was not sent. */
export interface FailedMessage {
  readonly address: Uint8Array | null;
  readonly fds: readonly number[];
  readonly sendables: readonly unknown[];
  readonly control: Uint8Array | null;
  readonly flags: number;
  readonly total: number;
}

/** Where the kernel reports errors of earlier packets. */
export interface ErrorReports {
  /** Moves the kernel's reports to where the program reads them. Returns how many there were. */
  drain(): number;
}

export const isError = (result: number): boolean => result < 0 && result !== -EAGAIN && result !== OFF_LOOP;

/** The system calls with which a socket sends, and their errors. */
export class SendCall implements SegmentCalls {
  readonly #native = binding();
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #reasons: Reasons<Unsent>;
  readonly #errors: ErrorReports;
  /** Flags that every call gets. */
  readonly alwaysSet: number;
  /**
   * Whether a send can purge the socket's own receive queue. That is so on a connected Unix datagram socket whose peer has gone
   * (net/unix/af_unix.c, unix_dgram_disconnected). Closing the descriptors in that queue can take long, so a thread sends.
   */
  purges = false;

  /** @param reasons Explains errors of sendmsg(2). The table for sockets that send control messages is larger: reasons/send.ts. */
  constructor(endpoint: Endpoint, facts: SocketFacts, reasons: Reasons<Unsent>, errors: ErrorReports) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#reasons = reasons;
    this.#errors = errors;
    this.alwaysSet = REFUSE_NOSIGNAL.has(facts.family) ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_NOSIGNAL;
  }

  /** Writes what all calls of the native layer need. */
  begin(flags: number, purges = this.purges): Binding {
    this.#endpoint.checkOpen();
    const native = this.#native;
    const { call } = native;
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_PURGES] = purges ? 1 : 0;
    return native;
  }

  /** Returns the result. Throws if the descriptor was closed or adopted in the meantime. */
  ended(result: number): number {
    if (result === GONE) this.#endpoint.open();
    return result;
  }

  sendmsg(
    iov: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number {
    // A message to an address goes to a socket that is there, whatever has happened to the peer.
    const native = this.begin(flags, this.purges && address === null);
    const { call } = native;
    const data = placeData(native, iov);
    if (control !== null || address !== null) {
      return this.ended(native.send(data, placeControl(native, control), placeAddress(native, address)));
    }
    call[CALL_CONTROL] = 0;
    call[CALL_ADDRESS] = 0;
    return this.ended(data === undefined ? native.send() : native.send(data));
  }

  sendSegments(
    data: Uint8Array,
    size: number,
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number {
    const native = this.begin(flags);
    native.call[CALL_SIZE] = size;
    return this.ended(
      native.sendSegments(data, placeControl(native, control), placeAddress(native, address)),
    );
  }

  /** Only for datagrams: see {@link purges}. `done` gets the same result as from {@link sendmsg}. */
  sendInThread(
    iov: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
    done: (result: number) => void,
  ): void {
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startSend(fd, iov, control, address, flags, token),
      (token) => done(binding().endCall(token)),
    );
    if (started < 0) throw failure(started, "sendmsg");
  }

  /**
   * With RECVERR on, the error may belong to an earlier packet, and this one was not sent. Then a report is on the error queue, and
   * the caller tries again. It does so only once: a message that is too long adds a report of its own at each attempt.
   */
  isOfEarlierPacket(result: number): boolean {
    return isError(result) && this.#errors.drain() > 0 && result !== -EMSGSIZE;
  }

  /** The error of a failed sendmsg(2). */
  failure(result: number, message: FailedMessage): SystemError {
    const { address } = message;
    // Decode the address that was sent. The caller's object may have changed.
    const details = address === null ? undefined : detailsOf(decodeAddress(address));
    return this.explained(failure(result, "sendmsg", details), message);
  }

  explained(error: SystemError, message: FailedMessage): SystemError {
    const { address, fds, sendables, control, flags, total } = message;
    const { family, type } = this.#facts;
    return withReason(error, this.#reasons, {
      fd: this.#endpoint.fd,
      family,
      type,
      address: address === null ? undefined : decodeAddress(address),
      fds,
      sendables,
      control,
      flags: flags & ~this.alwaysSet,
      total,
    });
  }
}
