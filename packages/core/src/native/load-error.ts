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
  declare readonly target: string;
  declare readonly attempts: readonly NativeLoadAttempt[];
  /** What is wrong, as in the message. */
  declare readonly reason: string;
  /** What to do, as in the message. */
  declare readonly fix: string;

  constructor(target: string, attempts: readonly NativeLoadAttempt[], reason: string, fix: string) {
    const lines = [`sendmsg has no native binary to run with on ${target} (${runtimeName()}).`, reason];
    if (attempts.length > 0) {
      lines.push("Looked for:");
      for (const { tried, error } of attempts) lines.push(`  - ${tried}: ${firstLine(error)}`);
    }
    lines.push(`To fix it: ${fix}`);
    super(lines.join("\n"), attempts[0] && { cause: attempts[0].error });
    for (const { error } of attempts) shorten(error);
    // The message says all of this. Node would print enumerable properties a second time.
    const repeated = { target, attempts, reason, fix };
    for (const [name, value] of Object.entries(repeated)) Object.defineProperty(this, name, { value });
  }
}

/**
 * Makes Node print the cause of an uncaught error as one line. It prints a cause even if that is no enumerable property, and these
 * errors come from our own calls of require(), with ten lines of stack and a "Require stack".
 */
function shorten(error: Error): void {
  error.stack = `${error.name}: ${firstLine(error)}`;
  for (const [name, value] of Object.entries(error))
    Object.defineProperty(error, name, { value, enumerable: false });
}

function firstLine(error: Error): string {
  // Node adds a "Require stack", which says no more than the path before it.
  return error.message.split("\n", 1)[0]!;
}
