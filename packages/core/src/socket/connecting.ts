import { type AddressDetails, decodeAddress } from "../address/index.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_ERROR } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EAGAIN, EINPROGRESS, ENOTCONN } from "../errno.js";
import { codedError, type SystemError, systemError } from "../errors.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import { binding } from "../native/load.js";
import { CONNECT } from "../reasons/connect.js";
import { withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import { getInt } from "../syscalls/int-option.js";
import { checkNotAborted, listenForAbort } from "./abort.js";
import { Backoff } from "./backoff.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { callOffLoop, EPOLLIN, EPOLLOUT } from "./readiness.js";

/** Whether the socket is connected to a peer. */
export const isConnected = (fd: number): boolean => peerOf(fd) >= 0;

/** Whether a Unix socket has a path or an abstract name. Otherwise its address is only the two bytes of the family. */
export const hasName = (fd: number): boolean => binding().getsockname(fd, new Uint8Array(ADDRESS_SPACE)) > 2;

const peerOf = (fd: number): number => binding().getpeername(fd, new Uint8Array(ADDRESS_SPACE));

/** The callbacks of a connect that is in progress. */
interface Pending {
  /** The socket became writable, has an error, or was closed. */
  readonly check: () => void;
  readonly reject: (error: Error) => void;
}

/** connect(2) of one socket: while it is in progress, retried after a full backlog, or made by a thread. */
export class Connecting {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #onConnected: () => void;
  #pending: Pending | undefined;
  /** How many threads are connecting. They use the descriptor's number even if no call waits for them any more. */
  #threads = 0;

  /** @param onConnected Called each time a connect(2) has succeeded. */
  constructor(endpoint: Endpoint, facts: SocketFacts, onConnected: () => void) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#onConnected = onConnected;
  }

  /** Whether a call waits for the connection. */
  get isAwaited(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether a connect(2) is in progress, even if no call waits for it any more. */
  get isBusy(): boolean {
    return this.isAwaited || this.#threads > 0;
  }

  /** An event has come, or the socket was closed. */
  check(): void {
    this.#pending?.check();
  }

  /** Rejects the call that waits for the connection. */
  fail(error: Error): void {
    this.#pending?.reject(error);
  }

  /** Whether the call can block: connect(2) has no MSG_DONTWAIT, and a socket that another program made may be blocking. */
  #mayBlock(): boolean {
    return this.#facts.type === SOCK_STREAM || this.#facts.family === AF_UNIX;
  }

  /**
   * Connects a datagram socket within the call. `mayPurge`: the call can drop the messages in the socket's queue. Returns false if that
   * would happen now.
   */
  tryConnect(address: Uint8Array, details: AddressDetails, mayPurge: boolean): boolean {
    const fd = this.#endpoint.open();
    if (this.isBusy) throw codedError("ERR_INVALID_STATE", "The socket is connecting already");
    if (mayPurge && binding().poll(fd, EPOLLIN) !== 0) return false;
    const result = binding().connect(fd, address);
    if (result < 0) throw this.#explained(failure(result, "connect", details), address);
    this.#onConnected();
    return true;
  }

  /** @param inThread Make the call in a thread, because it could wait for another process. */
  async connect(
    address: Uint8Array,
    details: AddressDetails,
    inThread: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    checkNotAborted(signal);
    const fd = this.#endpoint.open();
    if (this.isAwaited) throw codedError("ERR_INVALID_STATE", "The socket is connecting already");
    let result = -EAGAIN;
    if (!inThread) {
      if (this.#mayBlock()) binding().setNonBlocking(fd);
      result = binding().connect(fd, address);
      if (result >= 0) {
        this.#onConnected();
        return;
      }
      if (result !== -EINPROGRESS && result !== -EAGAIN) {
        throw this.#explained(failure(result, "connect", details), address);
      }
    }
    await this.#wait(address, details, inThread, signal, result === -EINPROGRESS);
    this.#onConnected();
  }

  #explained(error: SystemError, address: Uint8Array): SystemError {
    const { family, type } = this.#facts;
    return withReason(error, CONNECT, {
      fd: this.#endpoint.fd,
      family,
      type,
      address: decodeAddress(address),
    });
  }

  async #wait(
    address: Uint8Array,
    details: AddressDetails,
    inThread: boolean,
    signal: AbortSignal | undefined,
    startedAlready: boolean,
  ): Promise<void> {
    const backoff = new Backoff();
    let stopListening: (() => void) | undefined;
    let inProgress = startedAlready;
    let ended = false;
    this.#endpoint.beginWait(inProgress ? EPOLLOUT : 0);
    try {
      await new Promise<void>((settle, reject) => {
        const resolve = () => {
          this.#pending = undefined;
          settle();
        };
        // An exception in a timer or in a callback of the event loop would end the process. So it rejects the promise instead.
        const orReject =
          <A extends unknown[]>(body: (...args: A) => void) =>
          (...args: A) => {
            try {
              body(...args);
            } catch (error) {
              reject(error);
            }
          };
        const returned = orReject((result: number) => {
          if (result >= 0) resolve();
          // A Unix listener's backlog is full. The event loop still reports the socket as writable, so only a timer can retry.
          else if (result === -EAGAIN) backoff.wait(attempt);
          else if (result !== -EINPROGRESS) {
            reject(this.#explained(failure(result, "connect", details), address));
          } else {
            inProgress = true;
            this.#endpoint.watch(EPOLLOUT);
            // The event may have come before the thread returned.
            this.check();
          }
        });
        const attempt = orReject(() => {
          const fd = this.#endpoint.open();
          if (!inThread) {
            returned(binding().connect(fd, address));
            return;
          }
          const started = callOffLoop(
            (token) => binding().startConnect(fd, address, token),
            (token) => {
              this.#threads--;
              const result = binding().endCall(token);
              // No call waits any more, so don't retry. But connect(2) may have succeeded.
              if (!ended) returned(result);
              else if (this.#endpoint.fd >= 0) this.#onConnected();
            },
          );
          if (started < 0) reject(failure(started, "connect", details));
          else this.#threads++;
        });
        const check = orReject(() => {
          if (this.#endpoint.closed) {
            reject(this.#endpoint.closedError());
            return;
          }
          if (!inProgress) return;
          const error = getInt(this.#endpoint.open(), SOL_SOCKET, SO_ERROR);
          if (error !== 0) {
            reject(this.#explained(systemError(error, "connect", details), address));
            return;
          }
          const peer = peerOf(this.#endpoint.open());
          if (peer >= 0) resolve();
          // ENOTCONN: the event is older than the call, and says nothing about it.
          else if (peer !== -ENOTCONN) reject(failure(peer, "getpeername"));
        });
        this.#pending = { check, reject };
        stopListening = listenForAbort(signal, reject);
        if (inThread) attempt();
        else if (!inProgress) backoff.wait(attempt);
      });
    } finally {
      ended = true;
      backoff.cancel();
      stopListening?.();
      this.#pending = undefined;
      this.#endpoint.endWait();
    }
  }
}
