import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { controlMessages } from "../../src/control/index.js";
import { description, documentedSources, referencePage } from "./reference.js";

// `npx vitest run test/control/reference -u` writes them.

const page = fileURLToPath(new URL("../../../../docs/control-messages.md", import.meta.url));

test("docs/control-messages.md agrees with the table", async () => {
  await expect(referencePage()).toMatchFileSnapshot(page);
});

test("each entry of the table has a comment of a sentence at least", () => {
  for (const [name, entry] of Object.entries(controlMessages)) {
    expect(description(name, entry), name).toMatch(/^[A-Z0-9].*\.$/);
  }
});

test("the comment of each entry agrees with the table", async () => {
  for (const { path, text } of documentedSources()) await expect(text).toMatchFileSnapshot(path);
});
