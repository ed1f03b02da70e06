import { SCM_IUCV_TRGCLS } from "../constants/iucv.js";
import { SOL_IUCV } from "../constants/levels.js";
import { u32 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";

/** The control message of SOL_IUCV (s390). */
export const iucvMessages = {
  /** The message's target class.
   * SCM_IUCV_TRGCLS (1) of SOL_IUCV: __u32, sent and received. Since Linux 2.6.31. Source: include/net/iucv/af_iucv.h. */
  iucvTrgcls: {
    level: SOL_IUCV,
    type: SCM_IUCV_TRGCLS,
    constant: "SCM_IUCV_TRGCLS",
    direction: "both",
    since: "2.6.31",
    source: "include/net/iucv/af_iucv.h",
    families: ["iucv"],
    payload: u32,
  },
} as const satisfies ControlEntries;
