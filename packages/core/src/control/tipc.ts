import { SOL_TIPC } from "../constants/levels.js";
import { TIPC_DESTNAME, TIPC_ERRINFO, TIPC_RETDATA } from "../constants/tipc.js";
import { blob } from "../wire/blob.js";
import { u32 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import { level } from "./level.js";

/** TIPC_MAX_USER_MSG_SIZE, include/uapi/linux/tipc.h. */
const RETURNED_RESERVE = 66_000;

const { receive } = level({ SOL_TIPC }, { source: "net/tipc/socket.c", families: ["tipc"] });

/** The control messages of SOL_TIPC. */
export const tipcMessages = () => ({
  /** Why a message came back, and how long it was.
   * TIPC_ERRINFO (1) of SOL_TIPC: struct { __u32 code; __u32 length; }, received. Since Linux 2.6.16. Source: net/tipc/socket.c. */
  tipcErrInfo: receive(
    { TIPC_ERRINFO },
    "2.6.16",
    struct("{ __u32 code; __u32 length; }", { code: u32, length: u32 }),
  ),
  /** The message that came back.
   * TIPC_RETDATA (2) of SOL_TIPC: char[], received. Since Linux 2.6.16. Source: net/tipc/socket.c. */
  tipcRetData: receive({ TIPC_RETDATA }, "2.6.16", blob("char[]", RETURNED_RESERVE)),
  /** The service that the message was sent to.
   * TIPC_DESTNAME (3) of SOL_TIPC: struct tipc_service_range, received. Since Linux 2.6.16. Source: net/tipc/socket.c. */
  tipcDestName: receive(
    { TIPC_DESTNAME },
    "2.6.16",
    struct("tipc_service_range", { type: u32, lower: u32, upper: u32 }),
  ),
});
