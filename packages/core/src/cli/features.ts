import { AF_INET, AF_UNIX } from "../constants/address-families.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import type { OptionEntry } from "../options/entry.js";
import { type OptionInput, type SettableOption, socketOptions } from "../options/table.js";
import { SocketOptionAccess } from "../socket/option-access.js";
import { close, socket } from "../syscalls/index.js";

/** A feature that some kernels lack. */
export interface Feature {
  /** The option's name in the kernel. */
  name: string;
  /** What a program can do with it. */
  what: string;
  /** The first version of Linux that has it. */
  since: string;
  present: boolean;
  /** Why the feature is missing, according to the kernel. */
  reason?: string;
}

interface Use<N extends SettableOption = SettableOption> {
  readonly family: number;
  readonly type: number;
  readonly option: N;
  readonly value: OptionInput<N>;
  readonly what: string;
}

const unix = { family: AF_UNIX, type: SOCK_STREAM };
const udp = { family: AF_INET, type: SOCK_DGRAM };
const tcp = { family: AF_INET, type: SOCK_STREAM };

/** SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE, include/uapi/linux/net_tstamp.h. */
const TRANSMIT_STAMPS = 0x2 | 0x10;
const CLOCK_MONOTONIC = 1;

const use = <N extends SettableOption>(
  { family, type }: Pick<Use, "family" | "type">,
  option: N,
  value: OptionInput<N>,
  what: string,
): Use => ({ family, type, option, value, what }) as unknown as Use;

/** The option that a program sets to use each feature. */
const uses: readonly Use[] = [
  use(udp, "udpSegment", 1200, "GSO: many datagrams in one send"),
  use(udp, "udpGro", true, "GRO: many datagrams in one receive"),
  use(tcp, "zeroCopy", true, "sending without a copy"),
  use(udp, "timestampNs", true, "times of arrival beyond 2038"),
  use(udp, "timestamping", TRANSMIT_STAMPS, "timestamps of sent packets"),
  use(udp, "txTime", { clockId: CLOCK_MONOTONIC, flags: 0 }, "sending at a given time"),
  use(udp, "rcvMark", true, "marks of received packets"),
  use(udp, "rcvPriority", true, "priorities of received packets"),
  use(tcp, "tcpInq", true, "number of unread bytes, on TCP"),
  use(unix, "passPidfd", true, "pidfds of senders and peers"),
  use(unix, "passRights", false, "refusing descriptors altogether"),
  use(unix, "inq", true, "number of unread bytes, on Unix streams"),
];

/** Tries each feature on a temporary socket. Needs the native layer. */
export function kernelFeatures(): Feature[] {
  return uses.map(({ family, type, option, value, what }) => {
    const { constant, since }: OptionEntry = socketOptions[option];
    const feature = { name: constant, what, since };
    let fd = -1;
    try {
      fd = socket(family, type);
      // We set the option and don't read it, because SO_INQ can't be read.
      new SocketOptionAccess({ open: () => fd }, family).set(option, value);
      return { ...feature, present: true };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { ...feature, present: false, reason: code ?? message };
    } finally {
      if (fd >= 0) close(fd);
    }
  });
}
