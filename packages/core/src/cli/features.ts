import { AF_INET, AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET, SOL_TCP, SOL_UDP } from "../constants/levels.js";
import {
  SO_INQ,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SO_RCVMARK,
  SO_RCVPRIORITY,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPNS_NEW,
  SO_TXTIME,
  SO_ZEROCOPY,
} from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import { TCP_INQ } from "../constants/tcp.js";
import { UDP_GRO, UDP_SEGMENT } from "../constants/udp.js";
import { close, getsockopt, socket } from "../syscalls/index.js";

/** One thing that not every kernel can. */
export interface Feature {
  name: string;
  /** What a program gets by it. */
  what: string;
  /** The first version of Linux that has it. */
  since: string;
  present: boolean;
  /** Why it is not there, by the kernel's own answer. */
  reason?: string;
}

interface Probe {
  name: string;
  what: string;
  since: string;
  family: number;
  type: number;
  level: number;
  option: number;
}

const unix = { family: AF_UNIX, type: SOCK_STREAM, level: SOL_SOCKET };
const udp = { family: AF_INET, type: SOCK_DGRAM, level: SOL_SOCKET };
const tcp = { family: AF_INET, type: SOCK_STREAM, level: SOL_SOCKET };

const probes: readonly Probe[] = [
  {
    ...udp,
    level: SOL_UDP,
    option: UDP_SEGMENT,
    name: "UDP_SEGMENT",
    what: "GSO: many datagrams in one send",
    since: "4.18",
  },
  {
    ...udp,
    level: SOL_UDP,
    option: UDP_GRO,
    name: "UDP_GRO",
    what: "GRO: many datagrams in one receive",
    since: "5.0",
  },
  { ...tcp, option: SO_ZEROCOPY, name: "SO_ZEROCOPY", what: "sending without a copy", since: "4.14" },
  {
    ...udp,
    option: SO_TIMESTAMPNS_NEW,
    name: "SO_TIMESTAMPNS_NEW",
    what: "times of arrival beyond 2038",
    since: "5.1",
  },
  {
    ...udp,
    option: SO_TIMESTAMPING_NEW,
    name: "SO_TIMESTAMPING_NEW",
    what: "timestamps of sent packets",
    since: "5.1",
  },
  { ...udp, option: SO_TXTIME, name: "SO_TXTIME", what: "sending at a given time", since: "4.19" },
  { ...udp, option: SO_RCVMARK, name: "SO_RCVMARK", what: "marks of received packets", since: "5.19" },
  {
    ...udp,
    option: SO_RCVPRIORITY,
    name: "SO_RCVPRIORITY",
    what: "priorities of received packets",
    since: "6.14",
  },
  { ...tcp, level: SOL_TCP, option: TCP_INQ, name: "TCP_INQ", what: "bytes left, on TCP", since: "4.18" },
  { ...unix, option: SO_PASSPIDFD, name: "SO_PASSPIDFD", what: "pidfds of senders and peers", since: "6.5" },
  {
    ...unix,
    option: SO_PASSRIGHTS,
    name: "SO_PASSRIGHTS",
    what: "refusing descriptors altogether",
    since: "6.16",
  },
  { ...unix, option: SO_INQ, name: "SO_INQ", what: "bytes left, on Unix streams", since: "6.17" },
];

/** Asks the kernel, with sockets that are closed again, what it knows. The native layer must be there. */
export function kernelFeatures(): Feature[] {
  return probes.map(({ name, what, since, family, type, level, option }) => {
    let fd = -1;
    try {
      fd = socket(family, type);
      getsockopt(fd, level, option);
      return { name, what, since, present: true };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { name, what, since, present: false, reason: code ?? message };
    } finally {
      if (fd >= 0) close(fd);
    }
  });
}
