/** The control message of AF_IUCV (s390). Source: include/net/iucv/af_iucv.h. */

export const SCM_IUCV_TRGCLS = 1;
