import { test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { isEmulated } from "./target.js";

/** In the name of a test that user-mode emulation gets wrong. On a booted kernel, the tests with it in their name run. */
export const REAL_KERNEL = "on a real kernel";

/**
 * A `test` that is skipped, and says why, unless the condition holds:
 * `skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())("delivers a pidfd", () => { … })`.
 */
export function skipUnless(reason: string, condition: boolean): typeof test | typeof test.skip {
  if (condition) return test;
  return ((name: string, ...rest: [() => void]) => {
    console.info(`skipped: ${name}: ${reason}`);
    test.skip(`${name} (skipped: ${reason})`, ...rest);
  }) as typeof test.skip;
}

/** A `test` that uses a received descriptor with node:fs. */
export const withFiles = skipUnless(
  "Deno's node:fs refuses a descriptor that it has not opened itself",
  !isDeno,
);

/** A `test` of an HTTP server that is passed on. */
export const withHttpServer = skipUnless(
  isBun
    ? "Bun's http.Server has no descriptor to pass on, and ignores one to listen on"
    : "Deno does not tell the descriptor of a TCP server",
  !isBun && !isDeno,
);

/** A `test` that passes on or takes over a TCP or UDP socket of Node. Deno gives the descriptor only of a Unix socket. */
export const withHandleOf = (kind: string): typeof test =>
  skipUnless(
    "Deno does not tell the descriptor of a TCP or UDP socket",
    kind === "unix" || !isDeno,
  ) as typeof test;

/** A `test` in which this process, or a child process, has no descriptor left. */
export const withNoDescriptorLeft = skipUnless("Deno ends when it has no descriptor left", !isDeno);

const unlessEmulated = skipUnless("user-mode emulation gets this wrong", !isEmulated());

/** A `test` that user-mode emulation gets wrong. It runs on a booted kernel instead. */
export const onRealKernel = Object.assign(
  (name: string, ...rest: [() => void]) => unlessEmulated(`${name}, ${REAL_KERNEL}`, ...rest),
  { skip: test.skip },
) as typeof test;
