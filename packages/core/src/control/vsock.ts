import { SOL_SOCKET, SOL_VSOCK } from "../constants/levels.js";
import { SO_ZEROCOPY } from "../constants/socket.js";
import { VSOCK_RECVERR } from "../constants/vsock.js";
import { extendedError } from "./extended-error.js";
import { level, switchedOnBy } from "./level.js";

const { errorQueue } = level(
  { SOL_VSOCK },
  {
    source: "include/uapi/linux/vm_sockets.h",
    families: ["vsock"],
  },
);

/** The control message of SOL_VSOCK. */
export const vsockMessages = () => ({
  /** Zero-copy sends that are complete.
   * VSOCK_RECVERR (1) of SOL_VSOCK: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_ZEROCOPY. Since Linux
   * 6.7. Source: include/uapi/linux/vm_sockets.h. */
  vsockRecvErr: errorQueue({ VSOCK_RECVERR }, "6.7", extendedError, {
    enable: switchedOnBy({ SOL_SOCKET }, { SO_ZEROCOPY }),
  }),
});
