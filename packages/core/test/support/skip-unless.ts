import { test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { isEmulated } from "./target.js";

/** In a test's name: user-mode emulation gets this wrong. On a booted kernel, the tests with it are chosen. */
export const REAL_KERNEL = "on a real kernel";

/**
 * A `test` that is skipped, saying why, unless the condition holds:
 * `skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())("delivers a pidfd", () => { … })`.
 */
export function skipUnless(reason: string, condition: boolean): typeof test | typeof test.skip {
  if (condition) return test;
  return ((name: string, ...rest: [() => void]) => {
    console.info(`skipped: ${name}: ${reason}`);
    test.skip(`${name} (skipped: ${reason})`, ...rest);
  }) as typeof test.skip;
}

/** A `test` that gives what it has received to node:fs. */
export const withFiles = skipUnless(
  "Deno's node:fs refuses a descriptor that it has not opened itself",
  !isDeno,
);

/** A `test` of an HTTP server that changes hands. */
export const withHttpServer = skipUnless(
  isBun
    ? "Bun's http.Server has no descriptor to pass on, and ignores one to listen on"
    : "Deno does not tell the descriptor of a TCP server",
  !isBun && !isDeno,
);

/** A `test` with a TCP or UDP socket of Node's that is passed on or taken over; a Unix one has a descriptor in Deno, too. */
export const withHandleOf = (kind: string): typeof test =>
  skipUnless(
    "Deno does not tell the descriptor of a TCP or UDP socket",
    kind === "unix" || !isDeno,
  ) as typeof test;

/** A `test` that leaves its process, or one that it starts, no descriptor. */
export const withNoDescriptorLeft = skipUnless("Deno ends when it has no descriptor left", !isDeno);

const unlessEmulated = skipUnless("user-mode emulation gets this wrong", !isEmulated());

/** A `test` for what user-mode emulation gets wrong: it is run on a booted kernel instead. */
export const onRealKernel = Object.assign(
  (name: string, ...rest: [() => void]) => unlessEmulated(`${name}, ${REAL_KERNEL}`, ...rest),
  { skip: test.skip },
) as typeof test;
