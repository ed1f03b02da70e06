import { i32, u16, u32 } from "./integers.js";
import { struct } from "./struct.js";

// Structures that SCTP has both as control messages and as options: include/uapi/linux/sctp.h.

/** How to set up an association. The timeout is in milliseconds. */
export const initMessage = struct("sctp_initmsg", {
  outboundStreams: u16,
  maxInboundStreams: u16,
  maxAttempts: u16,
  maxInitTimeout: u16,
});

export const sendReceiveInfo = struct("sctp_sndrcvinfo", {
  stream: u16,
  ssn: u16,
  flags: u16,
  ppid: u32,
  context: u32,
  timeToLive: u32,
  tsn: u32,
  cumulativeTsn: u32,
  association: i32,
});

export const sendInfo = struct("sctp_sndinfo", {
  stream: u16,
  flags: u16,
  ppid: u32,
  context: u32,
  association: i32,
});
