/** TIPC's control messages and types of addresses. Source: include/uapi/linux/tipc.h. */

export const TIPC_SERVICE_RANGE = 1;
export const TIPC_SERVICE_ADDR = 2;
export const TIPC_SOCKET_ADDR = 3;
export const TIPC_ERRINFO = 1;
export const TIPC_RETDATA = 2;
export const TIPC_DESTNAME = 3;
