import { SCM_MAX_FD } from "../../src/constants/index.js";
import { recvmsg } from "../../src/syscalls/index.js";
import { type Cmsg, fdsIn, INT, parse, space } from "../support/cmsg.js";
import { own } from "../support/owned-descriptors.js";

/** What one recvmsg(2) brought. */
export interface Arrival {
  data: string;
  fds: number[];
  messages: Cmsg[];
  flags: number;
}

/** Receives into `room` bytes of control buffer. The test owns the descriptors that come. */
export function receive(fd: number, room = space(SCM_MAX_FD * INT), flags = 0): Arrival {
  const buffer = Buffer.alloc(64);
  const control = Buffer.alloc(room);
  const result = recvmsg(fd, buffer, { control, flags });
  const fds = own(fdsIn(control, result.controlLength));
  return {
    data: buffer.toString("latin1", 0, Math.min(result.bytes, buffer.length)),
    fds,
    messages: parse(control, result.controlLength),
    flags: result.flags,
  };
}
