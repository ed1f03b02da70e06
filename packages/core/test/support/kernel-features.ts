import {
  AF_UNIX,
  MSG_OOB,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { EINVAL, ENOPROTOOPT, EOPNOTSUPP } from "../../src/errno.js";
import type { SystemError } from "../../src/errors.js";
import { close, sendmsg, setsockopt, socket, socketpair } from "../../src/syscalls/index.js";

function knows(option: number): boolean {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  try {
    setsockopt(fd, SOL_SOCKET, option, 1);
    return true;
  } catch (error) {
    const { errno } = error as SystemError;
    if (errno === -ENOPROTOOPT || errno === -EINVAL) return false;
    throw error;
  } finally {
    close(fd);
  }
}

function sendsUnixOob(): boolean {
  const pair = socketpair(AF_UNIX, SOCK_STREAM);
  try {
    sendmsg(pair[0], "x", { flags: MSG_OOB });
    return true;
  } catch (error) {
    if ((error as SystemError).errno === -EOPNOTSUPP) return false;
    throw error;
  } finally {
    for (const fd of pair) close(fd);
  }
}

/** Each function tries whether this kernel has a feature. */
export const has = {
  /** Since Linux 6.5. */
  passPidfd: () => knows(SO_PASSPIDFD),
  /** Since Linux 6.16. */
  passRights: () => knows(SO_PASSRIGHTS),
  /** Since Linux 5.15, if CONFIG_AF_UNIX_OOB is set. */
  unixOob: sendsUnixOob,
};
