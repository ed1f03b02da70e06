import { AF_VSOCK } from "../constants/address-families.js";
import {
  SO_VM_SOCKETS_BUFFER_MAX_SIZE,
  SO_VM_SOCKETS_BUFFER_MIN_SIZE,
  SO_VM_SOCKETS_BUFFER_SIZE,
  SO_VM_SOCKETS_CONNECT_TIMEOUT,
  SO_VM_SOCKETS_PEER_HOST_VM_ID,
  SO_VM_SOCKETS_TRUSTED,
} from "../constants/vsock.js";
import { flag } from "../wire/flag.js";
import { i32, u64 } from "../wire/integers.js";
import { oldTimeval } from "../wire/times.js";
import { level } from "./level.js";

const { get, both } = level({ AF_VSOCK }, { source: "vsock(7)", families: ["vsock"] });

/** The options of AF_VSOCK. Their level is the number AF_VSOCK. */
export const vsockOptions = () => ({
  /** Bytes of the receive buffer, between the two limits.
   * SO_VM_SOCKETS_BUFFER_SIZE (0) of AF_VSOCK: __u64, read and set. Since Linux 3.9. Source: vsock(7). */
  vmSocketsBufferSize: both({ SO_VM_SOCKETS_BUFFER_SIZE }, "3.9", u64),
  /** The least value of `vmSocketsBufferSize`.
   * SO_VM_SOCKETS_BUFFER_MIN_SIZE (1) of AF_VSOCK: __u64, read and set. Since Linux 3.9. Source: vsock(7). */
  vmSocketsBufferMinSize: both({ SO_VM_SOCKETS_BUFFER_MIN_SIZE }, "3.9", u64),
  /** The largest value of `vmSocketsBufferSize`.
   * SO_VM_SOCKETS_BUFFER_MAX_SIZE (2) of AF_VSOCK: __u64, read and set. Since Linux 3.9. Source: vsock(7). */
  vmSocketsBufferMaxSize: both({ SO_VM_SOCKETS_BUFFER_MAX_SIZE }, "3.9", u64),
  /** The hypervisor's number of the peer's machine, with VMware's transport.
   * SO_VM_SOCKETS_PEER_HOST_VM_ID (3) of AF_VSOCK: int, read. Since Linux 3.9. Source: include/uapi/linux/vm_sockets.h. */
  vmSocketsPeerHostVmId: get({ SO_VM_SOCKETS_PEER_HOST_VM_ID }, "3.9", i32, {
    source: "include/uapi/linux/vm_sockets.h",
  }),
  /** Whether the peer is trusted, with VMware's transport.
   * SO_VM_SOCKETS_TRUSTED (5) of AF_VSOCK: int, read. Since Linux 3.9. Source: include/uapi/linux/vm_sockets.h. */
  vmSocketsTrusted: get({ SO_VM_SOCKETS_TRUSTED }, "3.9", flag, {
    source: "include/uapi/linux/vm_sockets.h",
  }),
  /** How long connect(2) waits, in nanoseconds.
   * SO_VM_SOCKETS_CONNECT_TIMEOUT (6) of AF_VSOCK: struct __kernel_old_timeval, read and set. Since Linux 3.9. Source:
   * include/uapi/linux/vm_sockets.h. */
  vmSocketsConnectTimeout: both({ SO_VM_SOCKETS_CONNECT_TIMEOUT }, "3.9", oldTimeval, {
    source: "include/uapi/linux/vm_sockets.h",
  }),
});
