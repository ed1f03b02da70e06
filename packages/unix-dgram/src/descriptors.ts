import type { Socket as UdpSocket } from "node:dgram";
import type { Socket as NetSocket, Server } from "node:net";

/** A descriptor that a message brought. It is a FileDescriptor of the package sendmsg, which accepts it everywhere. */
export interface FileDescriptor {
  /** Its number. -1: it is closed or detached. */
  readonly fd: number;
  /** Closes it. */
  close(): void;
  /** Returns the number, which you close from now on. */
  detach(): number;
}

/** What can be sent as a descriptor: its number, or an object that has one. It stays open here. */
export type Sendable = number | { readonly fd: number } | NetSocket | Server | UdpSocket;
