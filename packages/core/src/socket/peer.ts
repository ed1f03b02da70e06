import { AF_UNIX } from "../constants/address-families.js";
import { type FileDescriptor, hold } from "../descriptor.js";
import { ENOPROTOOPT } from "../errno.js";
import { codedError, explain, replaceMessage } from "../errors.js";
import { type InspectArguments, ifPossible, inspected } from "../inspecting.js";
import { explainAge } from "../kernel-version.js";
import { RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { failure } from "../syscalls/failure.js";
import type { SocketOptionAccess } from "./option-access.js";

/** The peer's process, user and group when it called connect(2), listen(2) or socketpair(2). */
export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

/** The first version of Linux that has SO_PEERPIDFD. The option is not in the table, because its value needs an owner. */
const PIDFD_SINCE = "6.5";

/** The user of a socket without a peer: (uid_t)-1. */
const NOBODY = 0xffffffff;

/**
 * The process at the other end: the one that called connect(2), listen(2) or socketpair(2), with its identity at that time. Another
 * process may hold the socket now.
 *
 * @see unix(7)
 */
export class Peer {
  readonly #owner: { open(): number };
  readonly #family: number;
  readonly #options: SocketOptionAccess;

  /** @internal `owner` returns the descriptor's number, or throws once it is closed. */
  constructor(owner: { open(): number }, family: number, options: SocketOptionAccess) {
    this.#owner = owner;
    this.#family = family;
    this.#options = options;
  }

  /**
   * Returns the peer's process, user and group. Without a peer (an unconnected or datagram socket), the process is 0 and the other
   * two are 4294967295.
   *
   * @throws `ERR_SENDMSG_NOT_UNIX` on a socket of another family.
   * @see unix(7) SO_PEERCRED
   */
  credentials(): PeerCredentials {
    this.#requireUnix("credentials");
    return this.#options.get("peerCred");
  }

  /**
   * Returns a descriptor of the peer's process. The caller owns it. Unlike a pid, it can never refer to another process.
   *
   * @throws `ENOPROTOOPT` before Linux 6.5; `ENODATA` without a peer; `ESRCH` if the process was reaped; `EMFILE`.
   * @throws `ERR_SENDMSG_NOT_UNIX` on a socket of another family.
   * @see pidfd_open(2), unix(7) SO_PEERPIDFD
   */
  pidfd(): FileDescriptor {
    this.#requireUnix("pidfd");
    const native = binding();
    const result = native.peerPidfd(this.#owner.open());
    if (result < 0) {
      const error = failure(result, "getsockopt");
      const age = result === -ENOPROTOOPT ? explainAge("SO_PEERPIDFD", PIDFD_SINCE) : undefined;
      if (age !== undefined) explain(error, age);
      throw error;
    }
    return hold(result, native.result[RESULT_GENERATION]!);
  }

  /**
   * Returns the peer's security label: text if it is valid UTF-8, otherwise bytes. On labelled networks, TCP sockets have it too.
   *
   * @throws `ENOPROTOOPT`: this kernel runs no security module that gives labels.
   * @see unix(7) SO_PEERSEC
   */
  securityLabel(): string | Uint8Array {
    try {
      return this.#options.get("peerSec");
    } catch (error) {
      if ((error as { errno?: number }).errno === -ENOPROTOOPT) {
        replaceMessage(
          error as Error,
          "getsockopt ENOPROTOOPT: no security module labels this socket's peer",
        );
      }
      throw error;
    }
  }

  /**
   * Returns the peer's supplementary groups.
   *
   * @throws `ENOPROTOOPT` before Linux 4.13; `ENODATA` without a peer.
   * @throws `ERR_SENDMSG_NOT_UNIX` on a socket of another family.
   * @see getgroups(2)
   */
  groups(): number[] {
    this.#requireUnix("groups");
    return this.#options.get("peerGroups");
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "Peer", () => {
      if (ifPossible(() => this.#owner.open()) === undefined) return { closed: true };
      const credentials = this.credentials();
      return credentials.uid === NOBODY && credentials.pid === 0 ? {} : { ...credentials };
    });
  }

  #requireUnix(what: string): void {
    if (this.#family === AF_UNIX) return;
    throw codedError("ERR_SENDMSG_NOT_UNIX", `Only Unix sockets know their peer's ${what}`);
  }
}
