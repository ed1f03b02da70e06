import { SOL_TLS } from "../constants/levels.js";
import { TLS_GET_RECORD_TYPE, TLS_SET_RECORD_TYPE } from "../constants/tls.js";
import { u8 } from "../wire/integers.js";
import { level } from "./level.js";

const { send, receive } = level(
  { SOL_TLS },
  {
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
  },
);

/** The control messages of SOL_TLS. */
export const tlsMessages = () => ({
  /** The type of the record to send. It cannot be used with MSG_MORE.
   * TLS_SET_RECORD_TYPE (1) of SOL_TLS: __u8, sent. Since Linux 4.13. Source: Documentation/networking/tls.rst. */
  tlsSetRecordType: send({ TLS_SET_RECORD_TYPE }, "4.13", u8),
  /** The type of the received record. The kernel always delivers it. If the control buffer has no room for it, the receive of a
   * record that is not data fails with EIO.
   * TLS_GET_RECORD_TYPE (2) of SOL_TLS: __u8, received. Since Linux 4.17. Source: Documentation/networking/tls.rst. */
  tlsGetRecordType: receive({ TLS_GET_RECORD_TYPE }, "4.17", u8),
});
