import { SOL_SCTP } from "../constants/levels.js";
import {
  SCTP_AUTHINFO,
  SCTP_DSTADDRV4,
  SCTP_DSTADDRV6,
  SCTP_EVENTS,
  SCTP_INIT,
  SCTP_NXTINFO,
  SCTP_PRINFO,
  SCTP_RCVINFO,
  SCTP_RECVNXTINFO,
  SCTP_RECVRCVINFO,
  SCTP_SNDINFO,
  SCTP_SNDRCV,
} from "../constants/sctp.js";
import { ipv4Text, ipv6Text } from "../wire/address-text.js";
import { i32, u16, u32 } from "../wire/integers.js";
import { initMessage, sendInfo, sendReceiveInfo } from "../wire/sctp.js";
import { struct } from "../wire/struct.js";
import { level } from "./level.js";

const { send, receive, both } = level(
  { SOL_SCTP },
  {
    source: "sctp(7), RFC 6458",
    families: ["ipv4", "ipv6"],
  },
);

/** The control messages of SOL_SCTP. */
export const sctpMessages = () => ({
  /** How to set up the association that this message starts. The time-out is in milliseconds.
   * SCTP_INIT (0) of SOL_SCTP: struct sctp_initmsg, sent. Since Linux 2.6. Source: sctp(7), RFC 6458. */
  sctpInit: send({ SCTP_INIT }, "2.6", initMessage),
  /** The message's stream, sequence numbers and association. RFC 6458 replaces it with sctpSndInfo and sctpRcvInfo.
   * SCTP_SNDRCV (1) of SOL_SCTP: struct sctp_sndrcvinfo, sent and received, switched on by SCTP_EVENTS. Since Linux 2.6. Source:
   * sctp(7), RFC 6458. */
  // The first byte of struct sctp_event_subscribe switches it on. The other bytes stand for other events.
  sctpSndRcv: both({ SCTP_SNDRCV }, "2.6", sendReceiveInfo, { enable: [{ SCTP_EVENTS }, 1] }),
  /** The stream to send on, and how to send.
   * SCTP_SNDINFO (2) of SOL_SCTP: struct sctp_sndinfo, sent. Since Linux 3.17. Source: sctp(7), RFC 6458. */
  sctpSndInfo: send({ SCTP_SNDINFO }, "3.17", sendInfo),
  /** The stream that the message came on, and its place in the order.
   * SCTP_RCVINFO (3) of SOL_SCTP: struct sctp_rcvinfo, received, switched on by SCTP_RECVRCVINFO. Since Linux 3.17. Source:
   * sctp(7), RFC 6458. */
  sctpRcvInfo: receive(
    { SCTP_RCVINFO },
    "3.17",
    struct("sctp_rcvinfo", {
      stream: u16,
      ssn: u16,
      flags: u16,
      ppid: u32,
      tsn: u32,
      cumulativeTsn: u32,
      context: u32,
      association: i32,
    }),
    { enable: { SCTP_RECVRCVINFO } },
  ),
  /** Describes the next message in the receive queue.
   * SCTP_NXTINFO (4) of SOL_SCTP: struct sctp_nxtinfo, received, switched on by SCTP_RECVNXTINFO. Since Linux 3.17. Source:
   * sctp(7), RFC 6458. */
  sctpNxtInfo: receive(
    { SCTP_NXTINFO },
    "3.17",
    struct("sctp_nxtinfo", { stream: u16, flags: u16, ppid: u32, length: u32, association: i32 }),
    { enable: { SCTP_RECVNXTINFO } },
  ),
  /** How long to try: a policy (SCTP_PR_SCTP_*) and its value. Give it to messages of an association that exists: with
   * SCTP_PR_SCTP_TTL, the kernel can drop the message that sets up the association.
   * SCTP_PRINFO (5) of SOL_SCTP: struct sctp_prinfo, sent. Since Linux 4.17. Source: sctp(7), RFC 6458. */
  sctpPrInfo: send({ SCTP_PRINFO }, "4.17", struct("sctp_prinfo", { policy: u16, value: u32 })),
  /** The number of the key to authenticate with.
   * SCTP_AUTHINFO (6) of SOL_SCTP: struct sctp_authinfo, sent. Since Linux 4.17. Source: sctp(7), RFC 6458. */
  sctpAuthInfo: send({ SCTP_AUTHINFO }, "4.17", struct("sctp_authinfo", { keyNumber: u16 })),
  /** Another address of the peer to which this message connects. A message can have several of these.
   * SCTP_DSTADDRV4 (7) of SOL_SCTP: struct in_addr, sent. Since Linux 4.17. Source: sctp(7), RFC 6458. */
  sctpDstAddrV4: send({ SCTP_DSTADDRV4 }, "4.17", ipv4Text),
  /** Another address of the peer to which this message connects. A message can have several of these.
   * SCTP_DSTADDRV6 (8) of SOL_SCTP: struct in6_addr, sent. Since Linux 4.17. Source: sctp(7), RFC 6458. */
  sctpDstAddrV6: send({ SCTP_DSTADDRV6 }, "4.17", ipv6Text),
});
