import { WPAN_WANTLQI } from "../constants/ieee802154.js";
import { SOL_IEEE802154 } from "../constants/levels.js";
import { u8 } from "../wire/integers.js";
import { level } from "./level.js";

const { receive } = level(
  { SOL_IEEE802154 },
  {
    source: "net/ieee802154/socket.c",
    families: ["ieee802154"],
  },
);

/** The control message of SOL_IEEE802154. */
export const ieee802154Messages = () => ({
  /** The link's quality.
   * WPAN_WANTLQI (3) of SOL_IEEE802154: __u8, received, switched on by WPAN_WANTLQI. Since Linux 4.18. Source:
   * net/ieee802154/socket.c. */
  wpanLqi: receive({ WPAN_WANTLQI }, "4.18", u8, { enable: { WPAN_WANTLQI } }),
});
