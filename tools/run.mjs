// Runs other programs and waits for their end. Uses no npm package, because tools/setup.mjs needs it before npm ci.
import { spawnSync } from "node:child_process";

/** Returns what spawnSync returns. If the program failed, `failure` says how, with everything that the program printed. */
export function attempt(program, args, options) {
  const result = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  const { status, signal, error, stdout, stderr } = result;
  if (status === 0) return result;
  const reason = error?.message ?? (signal ? `ended by ${signal}` : `status ${status}`);
  const output = `${stdout ?? ""}${stderr ?? ""}`.trimEnd();
  return {
    ...result,
    failure: `${[program, ...args].join(" ")} failed: ${reason}${output && `\n${output}`}`,
  };
}

/** Returns what the program printed. Throws a {@link ProgramFailure} if it failed. */
export function run(program, args, options) {
  const { failure, stdout } = attempt(program, args, options);
  if (failure !== undefined) throw new ProgramFailure(failure);
  return stdout;
}

export class ProgramFailure extends Error {}
