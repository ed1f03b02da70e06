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
import { level } from "./level.js";
import { tlsCrypto, tlsCryptoLength } from "./tls-crypto.js";

const { both } = level(
  { SOL_TLS },
  {
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
  },
);

/** The options of SOL_TLS: TCP sockets on which `tcpUlp` is "tls". */
export const tlsOptions = () => ({
  /** The keys with which the kernel encrypts sent records.
   * TLS_TX (1) of SOL_TLS: struct tls_crypto_info, read and set. Since Linux 4.13. Source: Documentation/networking/tls.rst. */
  tlsTx: both({ TLS_TX }, "4.13", tlsCrypto, { lengthOf: tlsCryptoLength }),
  /** The keys with which the kernel decrypts received records.
   * TLS_RX (2) of SOL_TLS: struct tls_crypto_info, read and set. Since Linux 4.17. Source: Documentation/networking/tls.rst. */
  tlsRx: both({ TLS_RX }, "4.17", tlsCrypto, { lengthOf: tlsCryptoLength }),
  /** Whether sendfile(2) sends the file's pages without copying them. Nobody may change the file meanwhile.
   * TLS_TX_ZEROCOPY_RO (3) of SOL_TLS: int, read and set. Since Linux 5.19. Source: Documentation/networking/tls.rst. */
  tlsTxZeroCopyRo: both({ TLS_TX_ZEROCOPY_RO }, "5.19", flag),
  /** Whether the kernel expects that the peer does not pad its records (TLS 1.3). That saves a copy.
   * TLS_RX_EXPECT_NO_PAD (4) of SOL_TLS: int, read and set. Since Linux 6.0. Source: Documentation/networking/tls.rst. */
  tlsRxExpectNoPad: both({ TLS_RX_EXPECT_NO_PAD }, "6.0", flag),
  /** The most bytes of one record, from 64 to 16384.
   * TLS_TX_MAX_PAYLOAD_LEN (5) of SOL_TLS: __u16, read and set. Since Linux 6.19. Source: net/tls/tls_main.c. */
  tlsTxMaxPayloadLen: both({ TLS_TX_MAX_PAYLOAD_LEN }, "6.19", u16, { source: "net/tls/tls_main.c" }),
});
