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
import { list } from "./array.js";
import { blob, nothing } from "./blob.js";
import type { ControlEntries } from "./entry.js";
import { i64, u32, u64, ulong } from "./integers.js";

/** Far more than any security class of today adds. */
const CHALLENGE_ROOM = 256;

/** The control messages of SOL_RXRPC. */
export const rxrpcMessages = {
  /** What this program calls the call. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** Abort the call with this code, or: it was aborted. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** The last answer was acknowledged. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** The network's error that has ended the call. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** The server is busy. Kernels of today no longer send it. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** The local error that has ended the call. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** A new call has come in. Kernels since 5.10 accept calls by themselves, and no longer send it. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
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
  /** Give the call a connection of its own. Source: Documentation/networking/rxrpc.rst. Since Linux 2.6.22. */
  rxrpcExclusiveCall: {
    level: SOL_RXRPC,
    type: RXRPC_EXCLUSIVE_CALL,
    constant: "RXRPC_EXCLUSIVE_CALL",
    direction: "send",
    since: "2.6.22",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: nothing,
  },
  /** Ask for the better version of the service. Source: Documentation/networking/rxrpc.rst. Since Linux 4.13. */
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
  /** How many bytes will be sent in all. Source: Documentation/networking/rxrpc.rst. Since Linux 4.13. */
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
  /** Time-outs: hard in seconds; idle and normal in milliseconds, which can be left out. Source: Documentation/networking/rxrpc.rst. Since Linux 4.16. */
  rxrpcSetCallTimeout: {
    level: SOL_RXRPC,
    type: RXRPC_SET_CALL_TIMEOUT,
    constant: "RXRPC_SET_CALL_TIMEOUT",
    direction: "send",
    since: "4.16",
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
    payload: list(u32, 1, 3),
  },
  /** Keep this call id for a call to come. Source: Documentation/networking/rxrpc.rst. Since Linux 5.10. */
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
  /** Which message out of band. Source: Documentation/networking/rxrpc.rst. Since Linux 6.16. */
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
  /** The server's challenge: struct rxrpc_challenge, and what its security class adds. Source: Documentation/networking/rxrpc.rst. Since Linux 6.16. */
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
  /** This answers a challenge. Source: Documentation/networking/rxrpc.rst. Since Linux 6.16. */
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
  /** What the client has answered. Source: Documentation/networking/rxrpc.rst. Since Linux 6.16. */
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
  /** Data of the application to put into the answer. Source: Documentation/networking/rxrpc.rst. Since Linux 6.16. */
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
