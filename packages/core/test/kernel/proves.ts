import { machine, release } from "node:os";
import { test } from "vitest";
import type { ControlName } from "../../src/control/index.js";
import { closeAll } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { isEmulated } from "../support/target.js";

/** `receive` is also what comes on the error queue. */
export type Direction = "send" | "receive";

/** What a passed test leaves in the report, for tools/write-proof.mjs. */
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

/** The kernel and what runs on it: "6.18 x64"; "6.18 ia32 on x64" for a 32-bit program on a 64-bit kernel. */
export function kernelName(): string {
  const series = /^\d+\.\d+/.exec(release())![0];
  const compat = process.arch === "ia32" && machine() === "x86_64" ? " on x64" : "";
  return `${series} ${process.arch}${compat}`;
}

/** Why something cannot be tested here; undefined: it can. */
export type Missing = string | undefined;

/**
 * A test that shows the message going through the kernel, in these directions. When it passes, the test report says so.
 * It is skipped, saying why, where the kernel lacks what it takes.
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

/** Runs `body`, closes the sockets that it opened, and counts descriptors. */
export function withSockets(body: () => unknown): Promise<void> {
  return counted(async () => {
    try {
      await body();
    } finally {
      await closeAll();
    }
  });
}
