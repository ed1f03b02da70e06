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
import { level } from "./level.js";

/** Far more than any present security class adds. */
const CHALLENGE_RESERVE = 256;

const { send, receive, both } = level(
  { SOL_RXRPC },
  {
    source: "Documentation/networking/rxrpc.rst",
    families: ["rxrpc"],
  },
);

/** The control messages of SOL_RXRPC. */
export const rxrpcMessages = () => ({
  /** The id that this program has given the call.
   * RXRPC_USER_CALL_ID (1) of SOL_RXRPC: unsigned long, sent and received. Since Linux 2.6.22. Source:
   * Documentation/networking/rxrpc.rst. */
  rxrpcUserCallId: both({ RXRPC_USER_CALL_ID }, "2.6.22", ulong),
  /** Sent: aborts the call with this code. Received: the call was aborted.
   * RXRPC_ABORT (2) of SOL_RXRPC: __u32, sent and received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcAbort: both({ RXRPC_ABORT }, "2.6.22", u32),
  /** The last answer was acknowledged.
   * RXRPC_ACK (3) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcAck: receive({ RXRPC_ACK }, "2.6.22", nothing),
  /** The network error that has ended the call.
   * RXRPC_NET_ERROR (5) of SOL_RXRPC: __u32, received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcNetError: receive({ RXRPC_NET_ERROR }, "2.6.22", u32),
  /** The server is busy. Kernels of today no longer send it.
   * RXRPC_BUSY (6) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcBusy: receive({ RXRPC_BUSY }, "2.6.22", nothing),
  /** The local error that has ended the call.
   * RXRPC_LOCAL_ERROR (7) of SOL_RXRPC: __u32, received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcLocalError: receive({ RXRPC_LOCAL_ERROR }, "2.6.22", u32),
  /** A new call has come in. Kernels since 5.10 accept calls by themselves, and no longer send it.
   * RXRPC_NEW_CALL (8) of SOL_RXRPC: (empty), received. Since Linux 2.6.22. Source: Documentation/networking/rxrpc.rst. */
  rxrpcNewCall: receive({ RXRPC_NEW_CALL }, "2.6.22", nothing),
  /** Give the call a connection of its own.
   * RXRPC_EXCLUSIVE_CALL (10) of SOL_RXRPC: (empty), sent. Since Linux 4.8. Source: Documentation/networking/rxrpc.rst. */
  rxrpcExclusiveCall: send({ RXRPC_EXCLUSIVE_CALL }, "4.8", nothing),
  /** Ask for the better version of the service.
   * RXRPC_UPGRADE_SERVICE (11) of SOL_RXRPC: (empty), sent. Since Linux 4.13. Source: Documentation/networking/rxrpc.rst. */
  rxrpcUpgradeService: send({ RXRPC_UPGRADE_SERVICE }, "4.13", nothing),
  /** How many bytes will be sent in all.
   * RXRPC_TX_LENGTH (12) of SOL_RXRPC: __s64, sent. Since Linux 4.13. Source: Documentation/networking/rxrpc.rst. */
  rxrpcTxLength: send({ RXRPC_TX_LENGTH }, "4.13", i64),
  /** The call's time-outs: hard in seconds, idle and normal in milliseconds. Idle and normal can be left out.
   * RXRPC_SET_CALL_TIMEOUT (13) of SOL_RXRPC: __u32[], sent. Since Linux 4.15. Source: Documentation/networking/rxrpc.rst. */
  rxrpcSetCallTimeout: send({ RXRPC_SET_CALL_TIMEOUT }, "4.15", list(u32, 1, 3)),
  /** Keep this call id for a call that comes in later.
   * RXRPC_CHARGE_ACCEPT (14) of SOL_RXRPC: (empty), sent. Since Linux 5.10. Source: Documentation/networking/rxrpc.rst. */
  rxrpcChargeAccept: send({ RXRPC_CHARGE_ACCEPT }, "5.10", nothing),
  /** The id of an out-of-band message.
   * RXRPC_OOB_ID (15) of SOL_RXRPC: __u64, sent and received. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcOobId: both({ RXRPC_OOB_ID }, "6.16", u64),
  /** The server's challenge: struct rxrpc_challenge, and what its security class adds.
   * RXRPC_CHALLENGED (16) of SOL_RXRPC: struct rxrpc_challenge, received. Since Linux 6.16. Source:
   * Documentation/networking/rxrpc.rst. */
  rxrpcChallenged: receive({ RXRPC_CHALLENGED }, "6.16", blob("struct rxrpc_challenge", CHALLENGE_RESERVE)),
  /** This answers a challenge.
   * RXRPC_RESPOND (17) of SOL_RXRPC: (empty), sent. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcRespond: send({ RXRPC_RESPOND }, "6.16", nothing),
  /** What the client has answered.
   * RXRPC_RESPONDED (18) of SOL_RXRPC: char[], received. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcResponded: receive({ RXRPC_RESPONDED }, "6.16", blob("char[]", CHALLENGE_RESERVE)),
  /** Data of the application to put into the answer.
   * RXRPC_RESP_RXGK_APPDATA (19) of SOL_RXRPC: char[], sent. Since Linux 6.16. Source: Documentation/networking/rxrpc.rst. */
  rxrpcRespRxgkAppData: send({ RXRPC_RESP_RXGK_APPDATA }, "6.16", blob("char[]", CHALLENGE_RESERVE)),
});
