import { machine, release } from "node:os";
import { test } from "vitest";
import type { ControlName } from "../../src/control/index.js";
import { withSockets } from "../support/counted.js";
import { isEmulated } from "../support/target.js";

/** `receive` includes messages on the error queue. */
export type Direction = "send" | "receive";

/** The data of a passed test in the report, for tools/write-proof.mjs. */
export interface Proof {
  message: ControlName;
  direction: Direction;
  kernel: string;
}

declare module "vitest" {
  interface TaskMeta {
    proofs?: Proof[];
  }
}

/** The kernel's version and architecture: "6.18 x64". A 32-bit program on a 64-bit kernel: "6.18 ia32 on x64". */
export function kernelName(): string {
  const series = /^\d+\.\d+/.exec(release())![0];
  const compat = process.arch === "ia32" && machine() === "x86_64" ? " on x64" : "";
  return `${series} ${process.arch}${compat}`;
}

/** Why something can't be tested here. Undefined: it can. */
export type Missing = string | undefined;

/**
 * A test that sends the message through the kernel, in these directions. If it passes, the test report says so.
 * The test is skipped, and says why, if something is missing here.
 */
export function proves(
  messages: ControlName | readonly ControlName[],
  directions: Direction | readonly Direction[],
  missing: Missing,
  body: () => unknown,
): void {
  const names = [messages].flat() as ControlName[];
  const both = [directions].flat() as Direction[];
  const title = `${names.join(", ")}: ${both.join(" and ")}`;
  const reason = isEmulated() ? "user-mode emulation translates control messages" : missing;
  if (reason !== undefined) {
    console.info(`skipped: ${title}: ${reason}`);
    test.skip(`${title} (skipped: ${reason})`, () => {});
    return;
  }
  test(title, async ({ task }) => {
    await withSockets(body);
    const kernel = kernelName();
    task.meta.proofs = names.flatMap((message) =>
      both.map((direction): Proof => ({ message, direction, kernel })),
    );
  });
}
