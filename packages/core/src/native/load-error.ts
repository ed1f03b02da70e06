/** One place where we looked for a binary, and why we could not use it. */
export interface NativeLoadAttempt {
  tried: string;
  error: Error;
}

/** The name and version of this runtime: "Node.js 20.20.2". */
export function runtimeName(): string {
  const { bun, deno, electron, node } = process.versions as Record<string, string | undefined>;
  if (bun) return `Bun ${bun}`;
  if (deno) return `Deno ${deno}`;
  if (electron) return `Electron ${electron}`;
  return `Node.js ${node}`;
}

/**
 * The native binary could not be loaded. The message names the target, the runtime, the places where we looked, the cause, and what
 * to do.
 */
export class NativeLoadError extends Error {
  readonly code = "ERR_SENDMSG_NATIVE_LOAD";
  override readonly name = "NativeLoadError";
  /** Operating system and architecture: "linux-x64". */
  readonly target: string;
  readonly attempts: readonly NativeLoadAttempt[];
  /** What is wrong, as in the message. */
  readonly reason: string;
  /** What to do, as in the message. */
  readonly fix: string;

  constructor(target: string, attempts: readonly NativeLoadAttempt[], reason: string, fix: string) {
    const lines = [`sendmsg has no native binary to run with on ${target} (${runtimeName()}).`, reason];
    if (attempts.length > 0) {
      lines.push("Looked for:");
      for (const { tried, error } of attempts) lines.push(`  - ${tried}: ${firstLine(error)}`);
    }
    lines.push(`To fix it: ${fix}`);
    super(lines.join("\n"), attempts[0] && { cause: attempts[0].error });
    this.target = target;
    this.attempts = attempts;
    this.reason = reason;
    this.fix = fix;
  }
}

function firstLine(error: Error): string {
  // Node adds a "Require stack", which says no more than the path before it.
  return error.message.split("\n", 1)[0]!;
}
