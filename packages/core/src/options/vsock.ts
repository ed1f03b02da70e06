import { AF_VSOCK } from "../constants/address-families.js";
import {
  SO_VM_SOCKETS_BUFFER_MAX_SIZE,
  SO_VM_SOCKETS_BUFFER_MIN_SIZE,
  SO_VM_SOCKETS_BUFFER_SIZE,
  SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD,
  SO_VM_SOCKETS_PEER_HOST_VM_ID,
  SO_VM_SOCKETS_TRUSTED,
} from "../constants/vsock.js";
import { flag } from "../wire/flag.js";
import { i32, u64 } from "../wire/integers.js";
import { oldTimeval } from "../wire/times.js";
import { type OptionEntries, option } from "./entry.js";

/** The options of AF_VSOCK, which are at a level of its number. */
export const vsockOptions = {
  /** Bytes of the receive buffer, between the two limits. Source: vsock(7). Since Linux 3.9. */
  vmSocketsBufferSize: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_BUFFER_SIZE,
    constant: "SO_VM_SOCKETS_BUFFER_SIZE",
    direction: "both",
    since: "3.9",
    source: "vsock(7)",
    families: ["vsock"],
    payload: u64,
  }),
  /** The least that `vmSocketsBufferSize` can be. Source: vsock(7). Since Linux 3.9. */
  vmSocketsBufferMinSize: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_BUFFER_MIN_SIZE,
    constant: "SO_VM_SOCKETS_BUFFER_MIN_SIZE",
    direction: "both",
    since: "3.9",
    source: "vsock(7)",
    families: ["vsock"],
    payload: u64,
  }),
  /** The most that `vmSocketsBufferSize` can be. Source: vsock(7). Since Linux 3.9. */
  vmSocketsBufferMaxSize: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_BUFFER_MAX_SIZE,
    constant: "SO_VM_SOCKETS_BUFFER_MAX_SIZE",
    direction: "both",
    since: "3.9",
    source: "vsock(7)",
    families: ["vsock"],
    payload: u64,
  }),
  /**
   * The hypervisor's number of the peer's machine, with VMware's transport. Source:
   * include/uapi/linux/vm_sockets.h. Since Linux 3.9.
   */
  vmSocketsPeerHostVmId: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_PEER_HOST_VM_ID,
    constant: "SO_VM_SOCKETS_PEER_HOST_VM_ID",
    direction: "get",
    since: "3.9",
    source: "include/uapi/linux/vm_sockets.h",
    families: ["vsock"],
    payload: i32,
  }),
  /**
   * Whether the peer is trusted, with VMware's transport. Source: include/uapi/linux/vm_sockets.h. Since
   * Linux 3.9.
   */
  vmSocketsTrusted: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_TRUSTED,
    constant: "SO_VM_SOCKETS_TRUSTED",
    direction: "get",
    since: "3.9",
    source: "include/uapi/linux/vm_sockets.h",
    families: ["vsock"],
    payload: flag,
  }),
  /** How long connect(2) waits, in nanoseconds. Source: include/uapi/linux/vm_sockets.h. Since Linux 3.9. */
  vmSocketsConnectTimeout: option({
    level: AF_VSOCK,
    option: SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD,
    constant: "SO_VM_SOCKETS_CONNECT_TIMEOUT",
    direction: "both",
    since: "3.9",
    source: "include/uapi/linux/vm_sockets.h",
    families: ["vsock"],
    payload: oldTimeval,
  }),
} as const satisfies OptionEntries;
