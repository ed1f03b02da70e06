/** RDS's control messages. Source: include/uapi/linux/rds.h. */

export const RDS_CMSG_RDMA_ARGS = 1;
export const RDS_CMSG_RDMA_DEST = 2;
export const RDS_CMSG_RDMA_MAP = 3;
export const RDS_CMSG_RDMA_STATUS = 4;
export const RDS_CMSG_CONG_UPDATE = 5;
export const RDS_CMSG_ATOMIC_FADD = 6;
export const RDS_CMSG_ATOMIC_CSWP = 7;
export const RDS_CMSG_MASKED_ATOMIC_FADD = 8;
export const RDS_CMSG_MASKED_ATOMIC_CSWP = 9;
export const RDS_CMSG_RXPATH_LATENCY = 11;
export const RDS_CMSG_ZCOPY_COOKIE = 12;
export const RDS_CMSG_ZCOPY_COMPLETION = 13;
export const RDS_CANCEL_SENT_TO = 1;
export const RDS_GET_MR = 2;
export const RDS_FREE_MR = 3;
export const RDS_RECVERR = 5;
export const RDS_CONG_MONITOR = 6;
export const SO_RDS_TRANSPORT = 8;
export const SO_RDS_MSG_RXPATH_LATENCY = 10;
