import { bits } from "../wire/bits.js";
import { u8, u16, u32, u64 } from "../wire/integers.js";
import { growing } from "../wire/struct.js";

/**
 * struct tcp_info as it was in Linux 2.6. Times are in microseconds, but `last…` in milliseconds. Sizes are in bytes or segments.
 */
const FIELDS = {
  /** TCP_ESTABLISHED is 1; include/net/tcp_states.h has the others. */
  state: u8,
  caState: u8,
  retransmits: u8,
  probes: u8,
  backoff: u8,
  options: u8,
  windowScale: bits({ send: 4, receive: 4 }),
  flags: bits({ deliveryRateAppLimited: 1, fastOpenClientFail: 2 }),
  rto: u32,
  ato: u32,
  sndMss: u32,
  rcvMss: u32,
  unacked: u32,
  sacked: u32,
  lost: u32,
  retrans: u32,
  fackets: u32,
  lastDataSent: u32,
  lastAckSent: u32,
  lastDataRecv: u32,
  lastAckRecv: u32,
  pmtu: u32,
  rcvSsthresh: u32,
  rtt: u32,
  rttVar: u32,
  sndSsthresh: u32,
  sndCwnd: u32,
  advMss: u32,
  reordering: u32,
  rcvRtt: u32,
  rcvSpace: u32,
  totalRetrans: u32,
};

/** The fields that later versions added at the end: Linux 3.15 (pacing), 4.1, 4.2, 4.6, 4.9, 4.10, 4.18, 4.19, 5.4, 6.2, 6.7. */
const LATER = {
  pacingRate: u64,
  maxPacingRate: u64,
  bytesAcked: u64,
  bytesReceived: u64,
  segsOut: u32,
  segsIn: u32,
  notSentBytes: u32,
  minRtt: u32,
  dataSegsIn: u32,
  dataSegsOut: u32,
  deliveryRate: u64,
  busyTime: u64,
  rwndLimited: u64,
  sndBufLimited: u64,
  delivered: u32,
  deliveredCe: u32,
  bytesSent: u64,
  bytesRetrans: u64,
  dsackDups: u32,
  reordSeen: u32,
  rcvOooPack: u32,
  sndWnd: u32,
  rcvWnd: u32,
  rehash: u32,
  totalRto: u16,
  totalRtoRecoveries: u16,
  totalRtoTime: u32,
};

export const tcpInfo = growing("tcp_info", FIELDS, LATER);
