import { readFileSync } from "node:fs";
import { type ControlEntry, type ControlName, controlMessages } from "../../src/control/index.js";
import { PRELUDE } from "../control/samples.js";
import type { Direction } from "./proves.js";
import { unproven } from "./unproven.js";

/** The kernels on which a test has shown that a message is sent or delivered. tools/write-proof.mjs writes it. */
export type Proven = { readonly [message: string]: { readonly [D in Direction]?: readonly string[] } };

export const proven = JSON.parse(readFileSync(new URL("proven.json", import.meta.url), "utf8")) as Proven;

export const entries = Object.entries<ControlEntry>(controlMessages) as [ControlName, ControlEntry][];

/** The directions of a message. */
export function directionsOf({ direction }: ControlEntry): Direction[] {
  if (direction === "both") return ["send", "receive"];
  return direction === "send" ? ["send"] : ["receive"];
}

/** Whether a message is proven. `neither`: it has no proof and no reason. */
export function standing(name: ControlName, direction: Direction): "proven" | "unproven" | "neither" {
  if ((proven[name]?.[direction]?.length ?? 0) > 0) return "proven";
  return unproven[name]?.[direction] === undefined ? "neither" : "unproven";
}

/** The names that the C program of test/control/against-c.test.ts takes from the headers, and those that it defines. */
function byC({ constant }: ControlEntry): string {
  return new RegExp(`#define ${constant} `).test(PRELUDE) ? "yes, restated" : "yes";
}

export function page(): string {
  const reasons: string[] = [];
  const noteOf = (reason: string): string => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `no [${reasons.indexOf(reason) + 1}]`;
  };
  const cell = (name: ControlName, entry: ControlEntry, direction: Direction): string => {
    if (!directionsOf(entry).includes(direction)) return "–";
    const kernels = proven[name]?.[direction] ?? [];
    return kernels.length > 0 ? kernels.join(", ") : noteOf(unproven[name]?.[direction] ?? "no test yet");
  };
  const rows = entries.map(
    ([name, entry]) =>
      `| \`${name}\` | ${entry.constant} | ${byC(entry)} | ${cell(name, entry, "send")} | ${cell(name, entry, "receive")} |`,
  );
  const all = entries.flatMap(([name, entry]) =>
    directionsOf(entry).map((direction) => standing(name, direction)),
  );
  const count = all.filter((what) => what === "proven").length;
  return `<!-- Written by packages/core/test/kernel/page.test.ts: see CONTRIBUTING.md, "Adding a control message". -->

# Which control messages are tested?

The tests compare each control message with C. If they can, they also send or receive it on real kernels. The columns of
the table say:

- **C**: the library encodes and decodes the same bytes as a C program, in the 32-bit and the 64-bit layout. The tests
  compile this program with the system's headers and the CMSG_ macros. *Restated*: the headers of Linux 6.1 for programs
  do not have the message. So the C program has its number from the kernel's sources, and its struct, if there is one.
- **Sent**, **received**: a test has sent the message through the kernel, or has made the kernel deliver it, and has
  checked the effect. The cell names the kernels (version and architecture) on which the test has passed. *Received*
  includes the error queue. "–": the message does not go in this direction.

There are ${entries.length} control messages; ${all.length - entries.length} of them can be both sent and received. Of these ${all.length} cases, ${count} are tested on a real
kernel. The others have a number in the table. The list below it says why each is not tested.

| Message | Type | C | Sent | Received |
|---|---|---|---|---|
${rows.join("\n")}

${reasons.map((reason, i) => `${i + 1}. ${reason[0]!.toUpperCase()}${reason.slice(1)}.`).join("\n")}
`;
}
