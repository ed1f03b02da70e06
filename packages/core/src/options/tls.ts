import { SOL_TLS } from "../constants/levels.js";
import {
  TLS_RX,
  TLS_RX_EXPECT_NO_PAD,
  TLS_TX,
  TLS_TX_MAX_PAYLOAD_LEN,
  TLS_TX_ZEROCOPY_RO,
} from "../constants/tls.js";
import { flag } from "../wire/flag.js";
import { u16 } from "../wire/integers.js";
import { type OptionEntries, option } from "./entry.js";
import { tlsCrypto, tlsCryptoLength } from "./tls-crypto.js";

/** The options of SOL_TLS: TCP sockets on which `tcpUlp` is "tls". */
export const tlsOptions = {
  /**
   * The keys with which the kernel encrypts what is sent. Source: Documentation/networking/tls.rst. Since
   * Linux 4.13.
   */
  tlsTx: option({
    level: SOL_TLS,
    option: TLS_TX,
    constant: "TLS_TX",
    direction: "both",
    since: "4.13",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: tlsCrypto,
    lengthOf: tlsCryptoLength,
  }),
  /**
   * The keys with which the kernel decrypts what arrives. Source: Documentation/networking/tls.rst. Since
   * Linux 4.17.
   */
  tlsRx: option({
    level: SOL_TLS,
    option: TLS_RX,
    constant: "TLS_RX",
    direction: "both",
    since: "4.17",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: tlsCrypto,
    lengthOf: tlsCryptoLength,
  }),
  /**
   * Whether sendfile(2) leaves the pages where they are: nobody may change them meanwhile. Source:
   * Documentation/networking/tls.rst. Since Linux 5.19.
   */
  tlsTxZerocopyRo: option({
    level: SOL_TLS,
    option: TLS_TX_ZEROCOPY_RO,
    constant: "TLS_TX_ZEROCOPY_RO",
    direction: "both",
    since: "5.19",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Whether the peer is expected not to pad its records (TLS 1.3), which saves a copy. Source:
   * Documentation/networking/tls.rst. Since Linux 6.0.
   */
  tlsRxExpectNoPad: option({
    level: SOL_TLS,
    option: TLS_RX_EXPECT_NO_PAD,
    constant: "TLS_RX_EXPECT_NO_PAD",
    direction: "both",
    since: "6.0",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Bytes that one record has at most, from 64 to 16384. Source: net/tls/tls_main.c. Since Linux 6.19. */
  tlsTxMaxPayloadLen: option({
    level: SOL_TLS,
    option: TLS_TX_MAX_PAYLOAD_LEN,
    constant: "TLS_TX_MAX_PAYLOAD_LEN",
    direction: "both",
    since: "6.19",
    source: "net/tls/tls_main.c",
    families: ["ipv4", "ipv6"],
    payload: u16,
  }),
} as const satisfies OptionEntries;
