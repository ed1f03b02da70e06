import type { Ipv4Address } from "../address/ipv4.js";
import type { Ipv6Address } from "../address/ipv6.js";
import { sockaddrIn, sockaddrIn6 } from "../address/sockaddr.js";
import { AF_UNSPEC } from "../constants/address-families.js";
import { readU16 } from "../wire/bytes.js";
import { u8, u32 } from "../wire/integers.js";
import { both, inLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import { struct } from "../wire/struct.js";

/** What the error queue says of one packet: struct sock_extended_err, include/uapi/linux/errqueue.h. */
export interface ExtendedError {
  /** The error's number, positive: ECONNREFUSED… 0 for a transmit timestamp; ENOMSG for most of those, in fact. */
  errno: number;
  /** Who reports: SO_EE_ORIGIN_* */
  origin: number;
  /** The ICMP type, with SO_EE_ORIGIN_ICMP and _ICMP6. */
  type: number;
  /** The ICMP code; SO_EE_CODE_ZEROCOPY_COPIED, SO_EE_CODE_TXTIME_* */
  code: number;
  /** The MTU with EMSGSIZE; SCM_TSTAMP_* of a timestamp; the first of the completed sends with SO_EE_ORIGIN_ZEROCOPY. */
  info: number;
  /** The id of a timestamped send; the last of the completed ones with SO_EE_ORIGIN_ZEROCOPY. */
  data: number;
}

export const extendedError: Payload<ExtendedError> = struct("sock_extended_err", {
  errno: u32,
  origin: u8,
  type: u8,
  code: u8,
  _pad: u8,
  info: u32,
  data: u32,
});

const ERROR = extendedError.size["64"];

/**
 * An error, and behind it the sockaddr of who reported it: a router, for one. AF_UNSPEC there means nobody. RDS sends the
 * error alone.
 */
function withOffender<A extends Ipv4Address | Ipv6Address>(
  sockaddr: Payload<A>,
): Payload<ExtendedError & { offender?: A }> {
  const size = ERROR + sockaddr.size["64"];
  return {
    ctype: `${extendedError.ctype} + ${sockaddr.ctype}`,
    size: both(size),
    align: both(4),
    alsoReads: [ERROR],
    read(bytes, at, length, layout) {
      const error: ExtendedError & { offender?: A } = extendedError.read(bytes, at, ERROR, layout)!;
      if (length === ERROR || readU16(bytes, at + ERROR) === AF_UNSPEC) return error;
      const offender = sockaddr.read(bytes, at + ERROR, inLayout(sockaddr.size, layout), layout);
      if (offender === undefined) return undefined;
      error.offender = offender;
      return error;
    },
    write(bytes, at, value, encoding, argument) {
      extendedError.write(bytes, at, value, encoding, argument, ERROR);
      const { offender } = value;
      if (offender === undefined) return;
      sockaddr.write(
        bytes,
        at + ERROR,
        offender,
        encoding,
        `${argument}.offender`,
        inLayout(sockaddr.size, encoding.layout),
      );
    },
  };
}

export const ipv4Error = withOffender(sockaddrIn);
export const ipv6Error = withOffender(sockaddrIn6);
