/** TLS's control messages. Source: include/uapi/linux/tls.h. */

export const TLS_TX = 1;
export const TLS_RX = 2;
export const TLS_TX_ZEROCOPY_RO = 3;
export const TLS_RX_EXPECT_NO_PAD = 4;
export const TLS_TX_MAX_PAYLOAD_LEN = 5;
export const TLS_SET_RECORD_TYPE = 1;
export const TLS_GET_RECORD_TYPE = 2;
export const TLS_1_2_VERSION = 0x0303;
export const TLS_1_3_VERSION = 0x0304;
export const TLS_CIPHER_AES_GCM_128 = 51;
export const TLS_CIPHER_AES_GCM_256 = 52;
export const TLS_CIPHER_AES_CCM_128 = 53;
export const TLS_CIPHER_CHACHA20_POLY1305 = 54;
export const TLS_CIPHER_SM4_GCM = 55;
export const TLS_CIPHER_SM4_CCM = 56;
export const TLS_CIPHER_ARIA_GCM_128 = 57;
export const TLS_CIPHER_ARIA_GCM_256 = 58;
