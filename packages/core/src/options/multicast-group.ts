import { addressStorage } from "../address/sockaddr.js";
import { interfaceIndex } from "../wire/interface.js";
import { struct } from "../wire/struct.js";

/** struct group_req, RFC 3678. The group's address is IPv4 or IPv6; its port is ignored. */
export const groupRequest = struct("group_req", { interface: interfaceIndex, group: addressStorage });

/** struct group_source_req, RFC 3678. */
export const groupSourceRequest = struct("group_source_req", {
  interface: interfaceIndex,
  group: addressStorage,
  source: addressStorage,
});
