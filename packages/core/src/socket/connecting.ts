import type { AddressDetails } from "../address/index.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_ERROR } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EAGAIN, EINPROGRESS, ENOTCONN } from "../errno.js";
import { codedError, systemError } from "../errors.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import { binding } from "../native/load.js";
import { failure } from "../syscalls/failure.js";
import { getInt } from "../syscalls/int-option.js";
import { listenForAbort } from "./abort.js";
import { Backoff } from "./backoff.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { callOffLoop, EPOLLOUT } from "./readiness.js";

/** Whether the socket has a peer. */
export const isConnected = (fd: number): boolean => peerOf(fd) >= 0;

const peerOf = (fd: number): number => binding().getpeername(fd, new Uint8Array(ADDRESS_SPACE));

/** What a connect in progress is told. */
interface Pending {
  /** The socket became writable, has an error, or was closed. */
  readonly check: () => void;
  readonly reject: (error: Error) => void;
}

/** connect(2) of one socket: in progress, again after a full backlog, or in a thread. */
export class Connecting {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #onConnected: () => void;
  #pending: Pending | undefined;
  /** Threads that connect: each has the descriptor's number, also when nobody waits for it any more. */
  #threads = 0;

  /** @param onConnected Called whenever a call has gone well. */
  constructor(endpoint: Endpoint, facts: SocketFacts, onConnected: () => void) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#onConnected = onConnected;
  }

  /** Whether somebody waits for the connection. */
  get isAwaited(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether a call is under way, for somebody who waits or for nobody any more. */
  get isBusy(): boolean {
    return this.isAwaited || this.#threads > 0;
  }

  /** An event came, or the socket was closed. */
  check(): void {
    this.#pending?.check();
  }

  /** Whoever waits for the connection is told an error. */
  fail(error: Error): void {
    this.#pending?.reject(error);
  }

  /** Whether the call can block: connect(2) has no MSG_DONTWAIT, and a socket that came from elsewhere may be blocking. */
  #mayBlock(): boolean {
    return this.#facts.type === SOCK_STREAM || this.#facts.family === AF_UNIX;
  }

  /** @param inThread The call could wait for a stranger all the same. */
  async connect(
    address: Uint8Array,
    details: AddressDetails,
    inThread: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
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
      if (result !== -EINPROGRESS && result !== -EAGAIN) throw failure(result, "connect", details);
    }
    await this.#wait(address, details, inThread, signal, result === -EINPROGRESS);
    this.#onConnected();
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
        // What throws in a timer or in the event loop's call would end the process.
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
          // A Unix listener's backlog is full. Readiness says writable all the same: nothing but time tells.
          else if (result === -EAGAIN) backoff.wait(attempt);
          else if (result !== -EINPROGRESS) reject(failure(result, "connect", details));
          else {
            inProgress = true;
            this.#endpoint.watch(EPOLLOUT);
            // The event may have come before the thread's answer.
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
              // Nobody waits any more: it is not tried again, but it may have gone well.
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
            reject(systemError(error, "connect", details));
            return;
          }
          const peer = peerOf(this.#endpoint.open());
          if (peer >= 0) resolve();
          // An event from before the call says nothing yet.
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
