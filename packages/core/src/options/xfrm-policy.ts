import { blob } from "../wire/blob.js";

/** More than struct xfrm_userpolicy_info and its templates need. */
const RESERVE = 4096;

/** An IPsec policy for the packets of one socket: struct xfrm_userpolicy_info and its templates, include/uapi/linux/xfrm.h. */
export const xfrmPolicy = blob("struct xfrm_userpolicy_info", RESERVE);
