/** The control message of mISDN, and the option that switches it on. Source: include/linux/mISDNif.h. */

export const MISDN_TIME_STAMP = 1;
