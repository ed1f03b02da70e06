import { SYSCALL_DENIED } from "../errors.js";

/** What an earlier packet met on its way, reported by ICMP: says nothing about the socket. See ip(7), "Error handling". */
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

/** The process, the user or the system has no descriptor, memory or watch (fs.epoll.max_user_watches) left for now. */
const SHORTAGES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC"]);

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

/** The `reason` of ENOBUFS on a netlink socket: the kernel has dropped messages because the receive buffer was full. */
export const MESSAGES_LOST = "ERR_SENDMSG_MESSAGES_LOST";

const reasonOf = (error: unknown): unknown => (error as { reason?: unknown } | null)?.reason;

/** Messages are gone that nobody has seen. */
export function isLoss(error: unknown): boolean {
  return reasonOf(error) === MESSAGES_LOST;
}

/** On a datagram socket: passed over. */
export function isTransient(error: unknown): boolean {
  return REPORTS.has(codeOf(error));
}

/** Trying again at once would spin. */
export function needsPause(error: unknown): boolean {
  return SHORTAGES.has(codeOf(error)) && !isLoss(error);
}

/** A connection that the peer gave up while it waited: the next one may be fine. See accept(2), "Error handling". */
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

/** Whether accepting may go on after an error. What a seccomp filter denies, with EPERM above all, it denies for ever. */
export function isGivenUp(error: unknown): boolean {
  return GIVEN_UP.has(codeOf(error)) && reasonOf(error) !== SYSCALL_DENIED;
}
