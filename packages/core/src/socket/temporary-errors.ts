import { SYSCALL_DENIED } from "../errors.js";

/** Errors of an earlier packet, which ICMP reported. They say nothing about the socket. See ip(7), "Error handling". */
const REPORTS: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EMSGSIZE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENONET",
  "ENOPROTOOPT",
  "EOPNOTSUPP",
  "EPROTO",
  "ETIMEDOUT",
]);

/** The process, the user or the system is temporarily short of descriptors, memory or watches (fs.epoll.max_user_watches). */
const SHORTAGES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC"]);

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

/** The `reason` of ENOBUFS on a netlink socket: the kernel dropped messages because the receive buffer was full. */
export const MESSAGES_LOST = "ERR_SENDMSG_MESSAGES_LOST";

const reasonOf = (error: unknown): unknown => (error as { reason?: unknown } | null)?.reason;

/** Whether the kernel has dropped messages. */
export function isLoss(error: unknown): boolean {
  return reasonOf(error) === MESSAGES_LOST;
}

/** Whether the error may be the report of an earlier packet. After it, iteration on a datagram socket continues. */
export function isIcmpReport(error: unknown): boolean {
  return REPORTS.has(codeOf(error));
}

/** Whether the next attempt needs a pause, because trying again at once would spin. */
export function needsPause(error: unknown): boolean {
  return SHORTAGES.has(codeOf(error)) && !isLoss(error);
}

/** The peer gave up a connection that was waiting. The next one may be fine. See accept(2), "Error handling". */
const GIVEN_UP: ReadonlySet<string> = new Set([
  "ECONNABORTED",
  "EPROTO",
  "ENETDOWN",
  "ENOPROTOOPT",
  "EHOSTDOWN",
  "ENONET",
  "EHOSTUNREACH",
  "EOPNOTSUPP",
  "ENETUNREACH",
  "EPERM",
]);

/** Whether accepting can continue after an error. A seccomp filter's denial, usually EPERM, never ends, so it can't. */
export function isGivenUp(error: unknown): boolean {
  return GIVEN_UP.has(codeOf(error)) && reasonOf(error) !== SYSCALL_DENIED;
}
