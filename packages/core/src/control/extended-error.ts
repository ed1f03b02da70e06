import type { Ipv4Address } from "../address/ipv4.js";
import type { Ipv6Address } from "../address/ipv6.js";
import { sockaddrIn, sockaddrIn6 } from "../address/sockaddr.js";
import { AF_UNSPEC } from "../constants/address-families.js";
import { readU16 } from "../wire/bytes.js";
import { u8, u32 } from "../wire/integers.js";
import { both, inLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import { struct } from "../wire/struct.js";

/** A report about one packet on the error queue: struct sock_extended_err, include/uapi/linux/errqueue.h. */
export interface ExtendedError {
  /** The error's number, positive: ECONNREFUSED… With a transmit timestamp it is ENOMSG; with SO_EE_ORIGIN_ZEROCOPY it is 0. */
  errno: number;
  /** Who reports the error: SO_EE_ORIGIN_* */
  origin: number;
  /** The ICMP type, with SO_EE_ORIGIN_ICMP and _ICMP6. */
  type: number;
  /** The ICMP code; SO_EE_CODE_ZEROCOPY_COPIED, SO_EE_CODE_TXTIME_* */
  code: number;
  /** With EMSGSIZE, the MTU. With a timestamp, SCM_TSTAMP_*. With SO_EE_ORIGIN_ZEROCOPY, the first of the completed sends. */
  info: number;
  /** With a timestamp, the id of the send. With SO_EE_ORIGIN_ZEROCOPY, the last of the completed sends. */
  data: number;
}

const FIELDS = {
  errno: u32,
  origin: u8,
  type: u8,
  code: u8,
  _pad: u8,
  info: u32,
  data: u32,
};

export const extendedError: Payload<ExtendedError> = struct("sock_extended_err", FIELDS);

const beforeOffender: Payload<ExtendedError> = struct("sock_extended_err", FIELDS, ["offender"]);

const ERROR = extendedError.size["64"];

/**
 * An error, followed by the sockaddr of the host that reported it, such as a router. If no host did, the sockaddr's family is
 * AF_UNSPEC. RDS sends the error without a sockaddr.
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
      beforeOffender.write(bytes, at, value, encoding, argument, ERROR);
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
