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

/** The process or the system has no descriptor or memory left for now. */
const SHORTAGES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

/** On a datagram socket: passed over. */
export function isTransient(error: unknown): boolean {
  return REPORTS.has(codeOf(error));
}

/** Trying again at once would spin. */
export function needsPause(error: unknown): boolean {
  return SHORTAGES.has(codeOf(error));
}
