/** Options of SOL_IEEE802154. One of them is also a control message. Source: include/net/af_ieee802154.h. */

export const WPAN_WANTACK = 0;
export const WPAN_SECURITY = 1;
export const WPAN_SECURITY_LEVEL = 2;
export const WPAN_WANTLQI = 3;
