import { SOL_TLS } from "../constants/levels.js";
import { TLS_GET_RECORD_TYPE, TLS_SET_RECORD_TYPE } from "../constants/tls.js";
import { u8 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";

/** The control messages of SOL_TLS. */
export const tlsMessages = {
  /** The type of the record to send. Not together with MSG_MORE.
   * TLS_SET_RECORD_TYPE (1) of SOL_TLS: __u8, sent. Since Linux 4.13. Source: Documentation/networking/tls.rst. */
  tlsSetRecordType: {
    level: SOL_TLS,
    type: TLS_SET_RECORD_TYPE,
    constant: "TLS_SET_RECORD_TYPE",
    direction: "send",
    since: "4.13",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: u8,
  },
  /** The type of the record that came. Always on; without room for it, a record that is not data is EIO.
   * TLS_GET_RECORD_TYPE (2) of SOL_TLS: __u8, received. Since Linux 4.17. Source: Documentation/networking/tls.rst. */
  tlsGetRecordType: {
    level: SOL_TLS,
    type: TLS_GET_RECORD_TYPE,
    constant: "TLS_GET_RECORD_TYPE",
    direction: "receive",
    since: "4.17",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: u8,
  },
} as const satisfies ControlEntries;
