import { SOL_RXRPC } from "../constants/levels.js";
import {
  RXRPC_ABORT,
  RXRPC_ACK,
  RXRPC_BUSY,
  RXRPC_CHALLENGED,
  RXRPC_CHARGE_ACCEPT,
  RXRPC_EXCLUSIVE_CALL,
  RXRPC_LOCAL_ERROR,
  RXRPC_NET_ERROR,
  RXRPC_NEW_CALL,
  RXRPC_OOB_ID,
  RXRPC_RESP_RXGK_APPDATA,
  RXRPC_RESPOND,
  RXRPC_RESPONDED,
  RXRPC_SET_CALL_TIMEOUT,
  RXRPC_TX_LENGTH,
  RXRPC_UPGRADE_SERVICE,
  RXRPC_USER_CALL_ID,
} from "../constants/rxrpc.js";
import { blob, nothing } from "../wire/blob.js";
import { i64, u32, u64, ulong } from "../wire/integers.js";
import { list } from "../wire/list.js";
import type { ControlEntries } from "./entry.js";

/** Far more than any security class of today adds. */
const CHALLENGE_ROOM = 256;

/** The control messages of SOL_RXRPC. */
export const rxrpcMessages = {
  /** What this program calls the call.
   * RXRPC_USER_CALL_ID (1) of SOL_RXRPC: unsigned long, sent and received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcUserCallId: {
    level: SOL_RXRPC,
    type: RXRPC_USER_CALL_ID,
    constant: "RXRPC_USER_CALL_ID",
    direction: "both",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: ulong,
  },
  /** Abort the call with this code, or: it was aborted.
   * RXRPC_ABORT (2) of SOL_RXRPC: __u32, sent and received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcAbort: {
    level: SOL_RXRPC,
    type: RXRPC_ABORT,
    constant: "RXRPC_ABORT",
    direction: "both",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: u32,
  },
  /** The last answer was acknowledged.
   * RXRPC_ACK (3) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcAck: {
    level: SOL_RXRPC,
    type: RXRPC_ACK,
    constant: "RXRPC_ACK",
    direction: "receive",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** The network's error that has ended the call.
   * RXRPC_NET_ERROR (5) of SOL_RXRPC: __u32, received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcNetError: {
    level: SOL_RXRPC,
    type: RXRPC_NET_ERROR,
    constant: "RXRPC_NET_ERROR",
    direction: "receive",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: u32,
  },
  /** The server is busy. Kernels of today no longer send it.
   * RXRPC_BUSY (6) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcBusy: {
    level: SOL_RXRPC,
    type: RXRPC_BUSY,
    constant: "RXRPC_BUSY",
    direction: "receive",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** The local error that has ended the call.
   * RXRPC_LOCAL_ERROR (7) of SOL_RXRPC: __u32, received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcLocalError: {
    level: SOL_RXRPC,
    type: RXRPC_LOCAL_ERROR,
    constant: "RXRPC_LOCAL_ERROR",
    direction: "receive",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: u32,
  },
  /** A new call has come in. Kernels since 5.10 accept calls by themselves, and no longer send it.
   * RXRPC_NEW_CALL (8) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcNewCall: {
    level: SOL_RXRPC,
    type: RXRPC_NEW_CALL,
    constant: "RXRPC_NEW_CALL",
    direction: "receive",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** Give the call a connection of its own.
   * RXRPC_EXCLUSIVE_CALL (10) of SOL_RXRPC: (empty), sent. Since Linux 4.8. Source: Documentation/networking/rxrpc.rst. */
  rxrpcExclusiveCall: {
    level: SOL_RXRPC,
    type: RXRPC_EXCLUSIVE_CALL,
    constant: "RXRPC_EXCLUSIVE_CALL",
    direction: "send",
    since: "4.8",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** Ask for the better version of the service.
   * RXRPC_UPGRADE_SERVICE (11) of SOL_RXRPC: (empty), sent. Since Linux 4.13. Source: Documentation/networking/rxrpc.rst. */
  rxrpcUpgradeService: {
    level: SOL_RXRPC,
    type: RXRPC_UPGRADE_SERVICE,
    constant: "RXRPC_UPGRADE_SERVICE",
    direction: "send",
    since: "4.13",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** How many bytes will be sent in all.
   * RXRPC_TX_LENGTH (12) of SOL_RXRPC: __s64, sent. Since Linux 4.13. Source: Documentation/networking/rxrpc.rst. */
  rxrpcTxLength: {
    level: SOL_RXRPC,
    type: RXRPC_TX_LENGTH,
    constant: "RXRPC_TX_LENGTH",
    direction: "send",
    since: "4.13",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: i64,
  },
  /** Time-outs: hard in seconds; idle and normal in milliseconds, which can be left out.
   * RXRPC_SET_CALL_TIMEOUT (13) of SOL_RXRPC: __u32[], sent. Since Linux 4.15. Source: Documentation/networking/rxrpc.rst. */
  rxrpcSetCallTimeout: {
    level: SOL_RXRPC,
    type: RXRPC_SET_CALL_TIMEOUT,
    constant: "RXRPC_SET_CALL_TIMEOUT",
    direction: "send",
    since: "4.15",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: list(u32, 1, 3),
  },
  /** Keep this call id for a call to come.
   * RXRPC_CHARGE_ACCEPT (14) of SOL_RXRPC: (empty), sent. Since Linux 5.10. Source: Documentation/networking/rxrpc.rst. */
  rxrpcChargeAccept: {
    level: SOL_RXRPC,
    type: RXRPC_CHARGE_ACCEPT,
    constant: "RXRPC_CHARGE_ACCEPT",
    direction: "send",
    since: "5.10",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** Which message out of band.
   * RXRPC_OOB_ID (15) of SOL_RXRPC: __u64, sent and received. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcOobId: {
    level: SOL_RXRPC,
    type: RXRPC_OOB_ID,
    constant: "RXRPC_OOB_ID",
    direction: "both",
    since: "6.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: u64,
  },
  /** The server's challenge: struct rxrpc_challenge, and what its security class adds.
   * RXRPC_CHALLENGED (16) of SOL_RXRPC: struct rxrpc_challenge, received. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcChallenged: {
    level: SOL_RXRPC,
    type: RXRPC_CHALLENGED,
    constant: "RXRPC_CHALLENGED",
    direction: "receive",
    since: "6.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: blob("struct rxrpc_challenge", CHALLENGE_ROOM),
  },
  /** This answers a challenge.
   * RXRPC_RESPOND (17) of SOL_RXRPC: (empty), sent. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcRespond: {
    level: SOL_RXRPC,
    type: RXRPC_RESPOND,
    constant: "RXRPC_RESPOND",
    direction: "send",
    since: "6.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** What the client has answered.
   * RXRPC_RESPONDED (18) of SOL_RXRPC: char[], received. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcResponded: {
    level: SOL_RXRPC,
    type: RXRPC_RESPONDED,
    constant: "RXRPC_RESPONDED",
    direction: "receive",
    since: "6.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: blob("char[]", CHALLENGE_ROOM),
  },
  /** Data of the application to put into the answer.
   * RXRPC_RESP_RXGK_APPDATA (19) of SOL_RXRPC: char[], sent. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcRespRxgkAppdata: {
    level: SOL_RXRPC,
    type: RXRPC_RESP_RXGK_APPDATA,
    constant: "RXRPC_RESP_RXGK_APPDATA",
    direction: "send",
    since: "6.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: blob("char[]", CHALLENGE_ROOM),
  },
} as const satisfies ControlEntries;
