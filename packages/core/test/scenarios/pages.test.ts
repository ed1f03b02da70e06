import { describe, expect } from "vitest";
import { AF_INET6, AF_PACKET, SOCK_DGRAM, SOCK_RAW } from "../../src/constants/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { close, socket } from "../../src/syscalls/index.js";
import { printedBy, programsOf, runSource, sectionsOf, withoutSpaces } from "../support/pages.js";
import { skipUnless } from "../support/skip-unless.js";

/** Whether this process may make such a socket, and the kernel has its family. */
function canMake(family: number, type: number): boolean {
  try {
    close(socket(family, type));
    return true;
  } catch {
    return false;
  }
}

/** What the programs of some sections need. */
const NEEDS: Record<string, [reason: string, has: boolean]> = {
  "docs/addresses.md ipv6": ["there is no IPv6", canMake(AF_INET6, SOCK_DGRAM)],
  "docs/addresses.md packet": ["AF_PACKET needs CAP_NET_RAW", canMake(AF_PACKET, SOCK_RAW)],
};

// An emulated Node needs long to start.
const timeout = 180_000;

// Bun and Deno print objects in their own ways.
describe.skipIf(isBun || isDeno).each(["docs/addresses.md", "docs/timestamps.md", "docs/udp.md"])(
  "%s: the programs run, and print what they say",
  { timeout },
  (page) => {
    for (const { heading, text } of sectionsOf(page)) {
      for (const [i, program] of programsOf(text).entries()) {
        const testHere = skipUnless(...(NEEDS[`${page} ${heading}`] ?? ["", true]));
        testHere(`${heading || "the beginning"}, program ${i + 1}`, async () => {
          const { output, ...outcome } = await runSource(program);
          expect(outcome).toEqual({ code: 0, errors: "" });
          expect(withoutSpaces(output)).toBe(withoutSpaces(printedBy(program)));
        });
      }
    }
  },
);
