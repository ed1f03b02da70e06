import { checkBoolean, checkObject } from "../arguments.js";
import { SOF_TXTIME_DEADLINE_MODE, SOF_TXTIME_REPORT_ERRORS } from "../constants/timestamping.js";
import { invalidArgType } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { Socket } from "../socket.js";
import { type Clock, checkClock } from "../syscalls/clock.js";

export interface TxTimeOptions {
  /** The clock of the messages' times. Default: "monotonic". sch_fq needs "monotonic", sch_etf needs "tai". */
  clock?: Clock | number;
  /** The time is the last moment: the message may leave earlier, but not later. Only sch_etf does this. Default: false. */
  deadline?: boolean;
}

const OPTIONS = /* @__PURE__ */ keysOf<TxTimeOptions>({ clock: true, deadline: true });

/**
 * Lets the messages of a UDP, raw or packet socket leave at a time that each of them brings:
 * `socket.sendmsg({ data, control: [{ name: "txTime", value: now("monotonic") + 5_000_000n }] })`. Messages leave in the order of their
 * times.
 *
 * The queueing discipline of the interface holds the messages back, so it must be fq (tc-fq(8)) or etf (tc-etf(8)). Others ignore the
 * times. etf drops a message whose time has passed, and reports it to `socket.errors()` with `kind: "txTime"`. fq sends it at once.
 *
 * @throws `EPERM`: clocks other than "monotonic" need CAP_NET_ADMIN; `ENOPROTOOPT`: before Linux 4.19.
 * @see include/uapi/linux/net_tstamp.h, of the kernel: SO_TXTIME
 */
export function enableTxTime(socket: Socket, options: TxTimeOptions = {}): void {
  if (!(socket instanceof Socket))
    throw invalidArgType("socket", "a Socket", socket, "Of a UdpSocket, give its socket");
  const { clock = "monotonic", deadline = false } = checkObject("options", options, OPTIONS);
  const clockId = checkClock("options.clock", clock);
  const mode = checkBoolean("options.deadline", deadline) ? SOF_TXTIME_DEADLINE_MODE : 0;
  socket.options.set("txTime", { clockId, flags: SOF_TXTIME_REPORT_ERRORS | mode });
}
