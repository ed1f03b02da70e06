import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { controlMessages } from "../../src/control/index.js";
import { comment, referencePage } from "./reference.js";

const page = fileURLToPath(new URL("../../../../docs/control-messages.md", import.meta.url));

test("docs/control-messages.md is what the table says (npx vitest run test/control/reference -u writes it)", async () => {
  await expect(referencePage()).toMatchFileSnapshot(page);
});

test.each(Object.entries(controlMessages))(
  "%s: an editor shows what the table says",
  (name, { source, since }) => {
    expect(comment(name)).toMatch(/^[A-Z0-9].*\. Source: /);
    expect(comment(name).endsWith(` Source: ${source}. Since Linux ${since}.`)).toBe(true);
  },
);
