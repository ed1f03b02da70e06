import { checkInteger, checkObject } from "../arguments.js";
import { keysOf } from "../known-keys.js";
import { readU16, writeU16 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

const KEYS = /* @__PURE__ */ keysOf<{ low: number; high: number }>({ low: true, high: true });

/** IP_LOCAL_PORT_RANGE has both ends in one number. An end that is 0 comes from net.ipv4.ip_local_port_range. */
export const portRange: Payload<{ low: number; high: number }> = {
  ctype: "__u32",
  size: both(4),
  align: both(4),
  read: (bytes, at) => ({ low: readU16(bytes, at), high: readU16(bytes, at + 2) }),
  write(bytes, at, value, _encoding, argument) {
    const { low, high } = checkObject(argument, value, KEYS);
    writeU16(bytes, at, checkInteger(`${argument}.low`, low, 0, 0xffff));
    writeU16(bytes, at + 2, checkInteger(`${argument}.high`, high, 0, 0xffff));
  },
};
