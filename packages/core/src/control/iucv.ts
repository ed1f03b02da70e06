import { SCM_IUCV_TRGCLS } from "../constants/iucv.js";
import { SOL_IUCV } from "../constants/levels.js";
import { u32 } from "../wire/integers.js";
import { level } from "./level.js";

const { both } = level({ SOL_IUCV }, { source: "include/net/iucv/af_iucv.h", families: ["iucv"] });

/** The control message of SOL_IUCV (s390). */
export const iucvMessages = () => ({
  /** The message's target class.
   * SCM_IUCV_TRGCLS (1) of SOL_IUCV: __u32, sent and received. Since Linux 2.6.31. Source: include/net/iucv/af_iucv.h. */
  iucvTrgCls: both({ SCM_IUCV_TRGCLS }, "2.6.31", u32),
});
