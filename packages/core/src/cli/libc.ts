import { readFileSync } from "node:fs";

/** The C library of this process. */
export interface Libc {
  name: "glibc" | "musl" | "unknown";
  /** Absent if the process does not know it: with musl it doesn't. */
  version?: string;
}

interface Report {
  excludeNetwork?: boolean;
  getReport?(): { header?: { glibcVersionRuntime?: string } };
}

/**
 * Finds out which C library this process uses, from the files that are mapped into it.
 *
 * This is only for bug reports. Nothing else depends on it, since the same binary works with all C libraries.
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
    // With the network included, making the report would look up the host name of every connection.
    if (report && "excludeNetwork" in report) report.excludeNetwork = true;
    return report?.getReport?.().header?.glibcVersionRuntime;
  } catch {
    return undefined; // another runtime, with another kind of report
  }
}
