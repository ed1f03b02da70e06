import { readFileSync } from "node:fs";

/** The C library of this process. */
export interface Libc {
  name: "glibc" | "musl" | "unknown";
  /** Where the process tells it: musl's does not. */
  version?: string;
}

interface Report {
  excludeNetwork?: boolean;
  getReport?(): { header?: { glibcVersionRuntime?: string } };
}

/**
 * The C library that this process runs with, by what is mapped into it.
 *
 * Nothing depends on it, since one binary serves all: it is for bug reports.
 */
export function libc(): Libc {
  let maps: string;
  try {
    maps = readFileSync("/proc/self/maps", "utf8");
  } catch {
    return { name: "unknown" };
  }
  if (/\/(ld-musl-[^/]*|libc\.musl-[^/]*|[^/]*-linux-musl\/libc\.so)$/m.test(maps)) return { name: "musl" };
  if (!/\/libc(\.so\.6|-2\.\d+\.so)$/m.test(maps)) return { name: "unknown" };
  const version = glibcVersion();
  return { name: "glibc", ...(version !== undefined && { version }) };
}

function glibcVersion(): string | undefined {
  const report = (process as { report?: Report }).report;
  try {
    // With the network, a report asks name servers about every connection.
    if (report && "excludeNetwork" in report) report.excludeNetwork = true;
    return report?.getReport?.().header?.glibcVersionRuntime;
  } catch {
    return undefined; // another runtime's
  }
}
