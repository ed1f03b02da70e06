import { WPAN_WANTLQI } from "../constants/ieee802154.js";
import { SOL_IEEE802154 } from "../constants/levels.js";
import { u8 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";

/** The control message of SOL_IEEE802154. */
export const ieee802154Messages = {
  /** The link's quality.
   * WPAN_WANTLQI (3) of SOL_IEEE802154: __u8, received, switched on by WPAN_WANTLQI. Since Linux 4.18. Source: net/ieee802154/socket.c. */
  wpanLqi: {
    level: SOL_IEEE802154,
    type: WPAN_WANTLQI,
    constant: "WPAN_WANTLQI",
    direction: "receive",
    enable: { level: SOL_IEEE802154, option: WPAN_WANTLQI },
    since: "4.18",
    source: "net/ieee802154/socket.c",
    families: ["ieee802154"],
    payload: u8,
  },
} as const satisfies ControlEntries;
