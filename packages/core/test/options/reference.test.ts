import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as constants from "../../src/constants/index.js";
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

test("the constants that a comment names are there to import", () => {
  const known = Object.keys(constants);
  for (const [name, entry] of Object.entries(socketOptions)) {
    for (const [word] of description(name, entry).matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b\*?/g)) {
      const isThere = word.endsWith("*")
        ? known.some((constant) => constant.startsWith(word.slice(0, -1)))
        : known.includes(word);
      expect(isThere, `${name}: ${word}`).toBe(true);
    }
  }
});

test("above each entry stands what the table says", async () => {
  for (const { path, text } of documentedSources()) await expect(text).toMatchFileSnapshot(path);
});
