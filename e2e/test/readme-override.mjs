// What the README of @sendmsg/unix-dgram tells users to write. The tests do what it says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../tools/paths.mjs";

const README = "packages/unix-dgram/README.md";

/** The block of code that the README shows after the line `heading`. */
function fromReadme(heading, language) {
  const text = readFileSync(join(repository, README), "utf8");
  const block = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "m").exec(
    text.split(`\n${heading}\n`)[1] ?? "",
  );
  if (block === null) throw new Error(`${README} has no ${language} after the line "${heading}"`);
  return block[1];
}

/** Keys for package.json. */
const keysFromReadme = (heading) => JSON.parse(`{${fromReadme(heading, "json")}}`);

export const forNpm = () => keysFromReadme("npm and Bun:");
export const forYarn = () => keysFromReadme("Yarn:");
export const forMaintainers = () =>
  keysFromReadme("If you maintain a library, one line does it for all your users:");
/** A file. */
export const forPnpm = () => fromReadme("pnpm, in pnpm-workspace.yaml:", "yaml");
