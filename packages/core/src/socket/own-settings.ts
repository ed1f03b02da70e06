import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_OOBINLINE, SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD } from "../constants/socket.js";
import { SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import { explain } from "../errors.js";
import { failure } from "../syscalls/failure.js";
import { trySetInt } from "../syscalls/int-option.js";
import { hasArrivalTimes, includeArrivalTime, includeNewWidth } from "./arrival-times.js";
import { presentValue } from "./control-settings.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { SocketFacts } from "./facts.js";

/**
 * What the library switches on in a Unix socket for its own sake, so that it can receive from it:
 *
 * - SO_OOBINLINE on a stream. Without it, recvmsg(2) passes over a byte that was sent with MSG_OOB: the kernel closes the byte's
 *   descriptors on the calling thread and tells nobody (net/unix/af_unix.c, manage_oob). With it, the byte comes in its place.
 *   One hole stays: if another holder of the socket takes the byte with MSG_OOB, its descriptors are left to the next receive,
 *   which closes them in the same way.
 * - Timestamps on a seqpacket socket. An empty message and the end both read as 0 bytes; with timestamps on, only a message has
 *   a control message. What was queued before is stamped when it is received (net/socket.c, __sock_recv_timestamp).
 *
 * They are on from our first receive until the socket is given away, and no earlier. Others who receive from the socket would
 * suffer: the kernel puts the timestamp before the descriptors, which then do not fit into a control buffer for descriptors alone.
 */
export class OwnSettings {
  readonly #facts: SocketFacts;
  readonly #switches: ControlSwitchboard;
  /** Options of SOL_SOCKET that were off before we switched them on. */
  #ours: number | undefined;
  /** Whether everything is on: the one thing that later receives look at. */
  on = false;

  constructor(facts: SocketFacts, switches: ControlSwitchboard) {
    this.#facts = facts;
    this.#switches = switches;
  }

  /** Switches on what is not on yet. */
  switchOn(fd: number): void {
    const { family, type } = this.#facts;
    if (family === AF_UNIX && type === SOCK_STREAM) this.#keepOutOfBandInline(fd);
    else if (family === AF_UNIX && type === SOCK_SEQPACKET) this.#stamp(fd);
    this.on = true;
  }

  /** The program has switched control messages, or set an option: what we need may have gone with it. */
  restore(fd: number): void {
    if (this.on) this.switchOn(fd);
  }

  /** The program has set SO_OOBINLINE itself: it stays on when the socket is given away. */
  leaveOn(option: number): void {
    if (this.#ours === option) this.#ours = undefined;
  }

  /** Leaves the socket to others as it was. Our next receive switches everything on again. */
  switchOff(fd: number): void {
    if (this.#ours !== undefined) trySetInt(fd, SOL_SOCKET, this.#ours, 0);
    this.#ours = undefined;
    this.on = false;
  }

  #keepOutOfBandInline(fd: number): void {
    if (presentValue(fd, { level: SOL_SOCKET, option: SO_OOBINLINE }) === 1) return;
    this.#set(fd, SO_OOBINLINE, "SO_OOBINLINE", "it keeps what is sent with MSG_OOB from getting lost");
  }

  #stamp(fd: number): void {
    const { names } = this.#switches;
    if (includeArrivalTime(names)) {
      this.#ours = undefined;
      return;
    }
    // If we switched them on before, they stay ours.
    if (hasArrivalTimes(fd)) return;
    // Not SO_TIMESTAMPNS: qemu's user-mode emulation does not know it.
    const option = includeNewWidth(names) ? SO_TIMESTAMP_NEW : SO_TIMESTAMP_OLD;
    this.#set(fd, option, "SO_TIMESTAMP", "it tells empty messages from the end");
  }

  #set(fd: number, option: number, constant: string, why: string): void {
    const result = trySetInt(fd, SOL_SOCKET, option, 1);
    if (result < 0) {
      const error = failure(result, "setsockopt");
      const kind = this.#facts.type === SOCK_STREAM ? "stream" : "seqpacket socket";
      explain(
        error,
        `${error.message.replace(/\.$/, "")}: ${constant} must be switched on before the first receive from a Unix ${kind}, because ${why}`,
      );
      throw error;
    }
    this.#ours = option;
  }
}
