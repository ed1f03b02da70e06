import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_OOBINLINE, SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD } from "../constants/socket.js";
import { SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import type { ControlName } from "../control/index.js";
import { explain } from "../errors.js";
import { failure } from "../syscalls/failure.js";
import { trySetInt } from "../syscalls/int-option.js";
import { hasArrivalTimes, includeArrivalTime, includeNewWidth } from "./arrival-times.js";
import { presentValue } from "./control-settings.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { SocketFacts } from "./facts.js";

/** Whether the library needs timestamps of its own, because the program has asked for no message that tells the time of arrival. */
export const needsOwnStamps = ({ family, type }: SocketFacts, names: ReadonlySet<ControlName>): boolean =>
  family === AF_UNIX && type === SOCK_SEQPACKET && !includeArrivalTime(names);

/**
 * What the library itself switches on in a Unix socket, so that it can receive from it:
 *
 * - SO_OOBINLINE on a stream. Without it, recvmsg(2) skips a byte that was sent with MSG_OOB: the kernel silently closes the
 *   byte's descriptors on the calling thread (net/unix/af_unix.c, manage_oob). With it, the byte comes in its place. One hole
 *   stays: another holder of the socket can take the byte with MSG_OOB. Then the next receive closes its descriptors in the same
 *   way.
 * - Timestamps on a seqpacket socket. An empty message and the end of the stream both read as 0 bytes. With timestamps on, only a
 *   message has a control message. Messages that were queued before get their timestamp when they are received (net/socket.c,
 *   __sock_recv_timestamp).
 *
 * They are on only from our first receive until the socket is given up, because other programs may receive from the same socket.
 * Their control buffer may have room for descriptors alone. The kernel puts the timestamp first, and then it drops descriptors.
 */
export class OwnSettings {
  readonly #facts: SocketFacts;
  readonly #switches: ControlSwitchboard;
  /** The option of SOL_SOCKET that was off before we switched it on. */
  #ours: number | undefined;
  /** Whether everything is on. Later receives check only this. */
  on = false;

  constructor(facts: SocketFacts, switches: ControlSwitchboard) {
    this.#facts = facts;
    this.#switches = switches;
  }

  /** Switches on what is not on yet. */
  switchOn(fd: number): void {
    const { family, type } = this.#facts;
    if (family === AF_UNIX && type === SOCK_STREAM) this.#keepOutOfBandInline(fd);
    else if (needsOwnStamps(this.#facts, this.#switches.names)) this.#stamp(fd);
    // The program may have switched timestamps on itself. Then they stay on when the socket is given up.
    else this.#ours = undefined;
    this.on = true;
  }

  /** The program has switched control messages or set an option, which may have switched off what we need. */
  restore(fd: number): void {
    if (this.on) this.switchOn(fd);
  }

  /** The program has set SO_OOBINLINE itself, so it stays on when the socket is given up. */
  leaveOn(option: number): void {
    if (this.#ours === option) this.#ours = undefined;
  }

  /** Restores the socket as it was, for its next owner. Our next receive switches everything on again. */
  switchOff(fd: number): void {
    if (this.#ours !== undefined) trySetInt(fd, SOL_SOCKET, this.#ours, 0);
    this.#ours = undefined;
    this.on = false;
  }

  #keepOutOfBandInline(fd: number): void {
    if (presentValue(fd, { level: SOL_SOCKET, option: SO_OOBINLINE }) === 1) return;
    this.#set(
      fd,
      SO_OOBINLINE,
      "SO_OOBINLINE",
      "the kernel loses bytes that are sent with MSG_OOB otherwise",
    );
  }

  #stamp(fd: number): void {
    // If it was us who switched them on, we still switch them off later.
    if (hasArrivalTimes(fd)) return;
    // Not SO_TIMESTAMPNS, which qemu's user-mode emulation does not know.
    const option = includeNewWidth(this.#switches.names) ? SO_TIMESTAMP_NEW : SO_TIMESTAMP_OLD;
    this.#set(fd, option, "SO_TIMESTAMP", "an empty message looks like the end otherwise");
  }

  #set(fd: number, option: number, constant: string, why: string): void {
    const result = trySetInt(fd, SOL_SOCKET, option, 1);
    if (result < 0) {
      const error = failure(result, "setsockopt");
      const kind = this.#facts.type === SOCK_STREAM ? "stream" : "seqpacket socket";
      explain(
        error,
        `${constant} must be switched on before the first receive from a Unix ${kind}, because ${why}`,
      );
      throw error;
    }
    this.#ours = option;
  }
}
