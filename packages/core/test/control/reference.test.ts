import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { controlMessages } from "../../src/control/index.js";
import { description, documentedSources, referencePage } from "./reference.js";

// `npx vitest run test/control/reference -u` writes them.

const page = fileURLToPath(new URL("../../../../docs/control-messages.md", import.meta.url));

test("docs/control-messages.md is what the table says", async () => {
  await expect(referencePage()).toMatchFileSnapshot(page);
});

test("above each entry stands a sentence, at least", () => {
  for (const [name, entry] of Object.entries(controlMessages)) {
    expect(description(name, entry), name).toMatch(/^[A-Z0-9].*\.$/);
  }
});

test("above each entry stands what the table says", async () => {
  for (const { path, text } of documentedSources()) await expect(text).toMatchFileSnapshot(path);
});
