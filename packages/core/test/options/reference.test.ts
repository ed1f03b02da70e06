import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { socketOptions } from "../../src/options/index.js";
import { description, documentedSources, referencePage } from "./reference.js";

// `npx vitest run test/options/reference -u` writes them.

const page = fileURLToPath(new URL("../../../../docs/options.md", import.meta.url));

test("docs/options.md is what the table says", async () => {
  await expect(referencePage()).toMatchFileSnapshot(page);
});

test("above each entry stands a sentence, at least", () => {
  for (const [name, entry] of Object.entries(socketOptions)) {
    expect(description(name, entry), name).toMatch(/^[`A-Z0-9].*(\.|…)$/);
  }
});

test("above each entry stands what the table says", async () => {
  for (const { path, text } of documentedSources()) await expect(text).toMatchFileSnapshot(path);
});
