import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ControlName, controlMessages } from "../../src/control/index.js";
import { directionsOf, entries, page, proven, standing } from "./page.js";
import { unproven } from "./unproven.js";

const PAGE = fileURLToPath(new URL("../../../../docs/control-messages-proof.md", import.meta.url));

describe("the table of proofs", () => {
  test("has a proof for every message, or the reason why there is none", () => {
    const missing = entries.flatMap(([name, entry]) =>
      directionsOf(entry)
        .filter((direction) => standing(name, direction) === "neither")
        .map((direction) => `${name}: ${direction}`),
    );
    expect(missing).toEqual([]);
  });

  test("has reasons only for messages that exist and are unproven", () => {
    for (const [name, reasons] of Object.entries(unproven)) {
      const entry = controlMessages[name as ControlName];
      expect(Object.keys(reasons), name).toEqual(
        directionsOf(entry).filter((direction) => direction in reasons),
      );
      for (const direction of directionsOf(entry)) {
        if (direction in reasons)
          expect(proven[name]?.[direction] ?? [], `${name}: ${direction}`).toEqual([]);
      }
    }
    for (const name of Object.keys(proven)) expect(controlMessages).toHaveProperty(name);
  });

  // `npx vitest run -u test/kernel/page.test.ts` writes it.
  test("agrees with docs/control-messages-proof.md", async () => {
    await expect(page()).toMatchFileSnapshot(PAGE);
  });
});
