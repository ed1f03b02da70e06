import { ENOSPC } from "../errno.js";
import type { Reasons } from "./reasons.js";

/** Why epoll_ctl(2) fails. */
export const WATCH: Reasons<undefined> = {
  [ENOSPC]: () =>
    "this user watches as many descriptors as permitted. Close some, or raise the sysctl fs.epoll.max_user_watches",
};
