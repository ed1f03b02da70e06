/** Options of SOL_ALG. Three of them are also control messages. Source: include/uapi/linux/if_alg.h. */

export const ALG_SET_KEY = 1;
export const ALG_SET_IV = 2;
export const ALG_SET_OP = 3;
export const ALG_SET_AEAD_ASSOCLEN = 4;
export const ALG_SET_AEAD_AUTHSIZE = 5;
export const ALG_SET_DRBG_ENTROPY = 6;
export const ALG_OP_DECRYPT = 0;
export const ALG_OP_ENCRYPT = 1;
