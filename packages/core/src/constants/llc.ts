/** Options of LLC. One of them is also a control message. Source: include/uapi/linux/llc.h. */

export const LLC_OPT_RETRY = 1;
export const LLC_OPT_SIZE = 2;
export const LLC_OPT_ACK_TMR_EXP = 3;
export const LLC_OPT_P_TMR_EXP = 4;
export const LLC_OPT_REJ_TMR_EXP = 5;
export const LLC_OPT_BUSY_TMR_EXP = 6;
export const LLC_OPT_TX_WIN = 7;
export const LLC_OPT_RX_WIN = 8;
export const LLC_OPT_PKTINFO = 9;
