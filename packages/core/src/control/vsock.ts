import { SOL_SOCKET, SOL_VSOCK } from "../constants/levels.js";
import { SO_ZEROCOPY } from "../constants/socket.js";
import { VSOCK_RECVERR } from "../constants/vsock.js";
import type { ControlEntries } from "./entry.js";
import { extendedError } from "./extended-error.js";

/** The control message of SOL_VSOCK. */
export const vsockMessages = {
  /** Zero-copy sends that are complete.
   * VSOCK_RECVERR (1) of SOL_VSOCK: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_ZEROCOPY. Since Linux 6.7. Source: include/uapi/linux/vm_sockets.h. */
  vsockRecverr: {
    level: SOL_VSOCK,
    type: VSOCK_RECVERR,
    constant: "VSOCK_RECVERR",
    direction: "errorQueue",
    enable: { level: SOL_SOCKET, option: SO_ZEROCOPY },
    since: "6.7",
    source: "include/uapi/linux/vm_sockets.h",
    families: ["vsock"],
    payload: extendedError,
  },
} as const satisfies ControlEntries;
