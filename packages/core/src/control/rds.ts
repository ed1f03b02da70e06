import { SOL_RDS, SOL_SOCKET } from "../constants/levels.js";
import {
  RDS_CMSG_ATOMIC_CSWP,
  RDS_CMSG_ATOMIC_FADD,
  RDS_CMSG_CONG_UPDATE,
  RDS_CMSG_MASKED_ATOMIC_CSWP,
  RDS_CMSG_MASKED_ATOMIC_FADD,
  RDS_CMSG_RDMA_ARGS,
  RDS_CMSG_RDMA_DEST,
  RDS_CMSG_RDMA_MAP,
  RDS_CMSG_RDMA_STATUS,
  RDS_CMSG_RXPATH_LATENCY,
  RDS_CMSG_ZCOPY_COMPLETION,
  RDS_CMSG_ZCOPY_COOKIE,
  RDS_CONG_MONITOR,
  RDS_RECVERR,
  SO_RDS_MSG_RXPATH_LATENCY,
} from "../constants/rds.js";
import { SO_ZEROCOPY } from "../constants/socket.js";
import { i32, u8, u32, u64 } from "../wire/integers.js";
import { array } from "../wire/list.js";
import type { Fields } from "../wire/struct.js";
import { struct } from "../wire/struct.js";
import { level, switchedOnBy } from "./level.js";

/** RDS_MSG_RX_DGRAM_TRACE_MAX and RDS_MAX_ZCOOKIES, include/uapi/linux/rds.h. */
const TRACES = 3;
const COOKIES = 8;

const iovec = struct("rds_iovec", { address: u64, bytes: u64 });

/** struct rds_atomic_args, with one of its union's four operands. */
const atomic = <const F extends Fields>(operands: F) =>
  struct("rds_atomic_args", {
    cookie: u64,
    localAddress: u64,
    remoteAddress: u64,
    ...operands,
    flags: u64,
    userToken: u64,
  });

const { send, receive, both } = level(
  { SOL_RDS },
  {
    source: "include/uapi/linux/rds.h",
    families: ["rds"],
  },
);

/** The control messages of SOL_RDS. */
export const rdsMessages = () => ({
  /** Read or write the peer's memory. The local addresses are those of this process.
   * RDS_CMSG_RDMA_ARGS (1) of SOL_RDS: struct rds_rdma_args, sent. Since Linux 2.6.30. Source: include/uapi/linux/rds.h. */
  rdsRdmaArgs: send(
    { RDS_CMSG_RDMA_ARGS },
    "2.6.30",
    struct("rds_rdma_args", {
      cookie: u64,
      remote: iovec,
      localVectorAddress: u64,
      localCount: u64,
      flags: u64,
      userToken: u64,
    }),
  ),
  /** The cookie of the memory that a transfer is for.
   * RDS_CMSG_RDMA_DEST (2) of SOL_RDS: __u64, sent and received. Since Linux 2.6.30. Source: include/uapi/linux/rds.h. */
  rdsRdmaDest: both({ RDS_CMSG_RDMA_DEST }, "2.6.30", u64),
  /** Map memory and tell the peer its key.
   * RDS_CMSG_RDMA_MAP (3) of SOL_RDS: struct rds_get_mr_args, sent. Since Linux 2.6.30. Source: include/uapi/linux/rds.h. */
  rdsRdmaMap: send(
    { RDS_CMSG_RDMA_MAP },
    "2.6.30",
    struct("rds_get_mr_args", { vector: iovec, cookieAddress: u64, flags: u64 }),
  ),
  /** How a transfer ended.
   * RDS_CMSG_RDMA_STATUS (4) of SOL_RDS: struct rds_rdma_notify, received, switched on by RDS_RECVERR. Since Linux 2.6.30. Source:
   * include/uapi/linux/rds.h. */
  rdsRdmaStatus: receive(
    { RDS_CMSG_RDMA_STATUS },
    "2.6.30",
    struct("rds_rdma_notify", { userToken: u64, status: i32 }),
    { enable: { RDS_RECVERR } },
  ),
  /** The ports whose congestion has ended. Each port is a bit.
   * RDS_CMSG_CONG_UPDATE (5) of SOL_RDS: __u64, received, switched on by RDS_CONG_MONITOR. Since Linux 2.6.30. Source:
   * include/uapi/linux/rds.h. */
  rdsCongUpdate: receive({ RDS_CMSG_CONG_UPDATE }, "2.6.30", u64, { enable: { RDS_CONG_MONITOR } }),
  /** Add to a number in the peer's memory.
   * RDS_CMSG_ATOMIC_FADD (6) of SOL_RDS: struct rds_atomic_args, sent. Since Linux 2.6.37. Source: include/uapi/linux/rds.h. */
  rdsAtomicFadd: send({ RDS_CMSG_ATOMIC_FADD }, "2.6.37", atomic({ add: u64, _rest: array(u64, 3) })),
  /** Compare and swap a number in the peer's memory.
   * RDS_CMSG_ATOMIC_CSWP (7) of SOL_RDS: struct rds_atomic_args, sent. Since Linux 2.6.37. Source: include/uapi/linux/rds.h. */
  rdsAtomicCswp: send(
    { RDS_CMSG_ATOMIC_CSWP },
    "2.6.37",
    atomic({ compare: u64, swap: u64, _rest: array(u64, 2) }),
  ),
  /** Add to a number in the peer's memory. No bit in the mask carries to the next bit.
   * RDS_CMSG_MASKED_ATOMIC_FADD (8) of SOL_RDS: struct rds_atomic_args, sent. Since Linux 2.6.37. Source: include/uapi/linux/rds.h.
   * */
  rdsMaskedAtomicFadd: send(
    { RDS_CMSG_MASKED_ATOMIC_FADD },
    "2.6.37",
    atomic({ add: u64, nocarryMask: u64, _rest: array(u64, 2) }),
  ),
  /** Compare and swap the masked bits of a number in the peer's memory.
   * RDS_CMSG_MASKED_ATOMIC_CSWP (9) of SOL_RDS: struct rds_atomic_args, sent. Since Linux 2.6.37. Source: include/uapi/linux/rds.h.
   * */
  rdsMaskedAtomicCswp: send(
    { RDS_CMSG_MASKED_ATOMIC_CSWP },
    "2.6.37",
    atomic({ compare: u64, swap: u64, compareMask: u64, swapMask: u64 }),
  ),
  /** How many nanoseconds the message took between points of the kernel's receive path.
   * RDS_CMSG_RXPATH_LATENCY (11) of SOL_RDS: struct rds_cmsg_rx_trace, received, switched on by SO_RDS_MSG_RXPATH_LATENCY. Since
   * Linux 4.11. Source: include/uapi/linux/rds.h. */
  rdsRxPathLatency: receive(
    { RDS_CMSG_RXPATH_LATENCY },
    "4.11",
    struct("rds_cmsg_rx_trace", {
      count: u8,
      positions: array(u8, TRACES),
      traces: array(u64, TRACES),
    }),
    { enable: { SO_RDS_MSG_RXPATH_LATENCY } },
  ),
  /** The cookie with which the kernel reports that this zero-copy send is complete.
   * RDS_CMSG_ZCOPY_COOKIE (12) of SOL_RDS: __u32, sent. Since Linux 4.17. Source: include/uapi/linux/rds.h. */
  rdsZcopyCookie: send({ RDS_CMSG_ZCOPY_COOKIE }, "4.17", u32),
  /** The cookies of zero-copy sends that are complete. Only the first `count` entries are valid.
   * RDS_CMSG_ZCOPY_COMPLETION (13) of SOL_RDS: struct rds_zcopy_cookies, received, switched on by SO_ZEROCOPY. Since Linux 4.17.
   * Source: include/uapi/linux/rds.h. */
  rdsZcopyCompletion: receive(
    { RDS_CMSG_ZCOPY_COMPLETION },
    "4.17",
    struct("rds_zcopy_cookies", { count: u32, cookies: array(u32, COOKIES) }),
    { enable: switchedOnBy({ SOL_SOCKET }, { SO_ZEROCOPY }) },
  ),
});
