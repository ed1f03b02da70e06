/** The second argument of shutdown(2). Source: include/linux/net.h. */

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
