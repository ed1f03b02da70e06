import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// The comments above the entries of a table, in all files of a folder. Each begins with sentences that a person wrote. After them
// come facts that we generate from the table.

/** A file of a table, and its path. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const LONGEST_LINE = 132;

const MAKERS = "get|set|both|send|receive|errorQueue";

const entryOf = (name: string) =>
  new RegExp(
    `( {2}/\\*\\*(?:(?!\\*/)[^])*\\*/\\n)((?: {2}//.*\\n)* {2}${name}: (?:\\w+\\.)?(?:${MAKERS})\\()`,
  );

export class TableComments {
  readonly #sources: readonly Source[];

  constructor(folder: URL) {
    this.#sources = readdirSync(folder).map((file) => {
      const path = fileURLToPath(new URL(file, folder));
      return { path, text: readFileSync(path, "utf8") };
    });
  }

  /** The sentences that a person wrote above an entry. They end before the facts, which begin with the constant and its number. */
  description(name: string, constant: string): string {
    for (const { text } of this.#sources) {
      const [, comment] = entryOf(name).exec(text) ?? [];
      if (comment === undefined) continue;
      const words = comment
        .replace(/^ *\/\*\*|\*\/$|^ *\* ?/gm, "")
        .split(/\s+/)
        .join(" ");
      return words.split(` ${constant} (`)[0]!.trim();
    }
    throw new Error(`${name}: no entry with a comment above it`);
  }

  /** The files as they should be, with the facts of each entry after its description. */
  rewritten(entries: Iterable<readonly [name: string, constant: string, facts: string]>): Source[] {
    const texts = this.#sources.map(({ text }) => text);
    for (const [name, constant, facts] of entries) {
      const comment = commentOf(this.description(name, constant), facts);
      for (let i = 0; i < texts.length; i++) {
        texts[i] = texts[i]!.replace(entryOf(name), (_, _comment, entry) => comment + entry);
      }
    }
    return this.#sources.map(({ path }, i) => ({ path, text: texts[i]! }));
  }
}

function commentOf(description: string, facts: string): string {
  const lines = [...wrapped("  /** ", description), ...wrapped("   * ", `${facts} */`)];
  return `${lines.join("\n")}\n`;
}

/** Joins words to lines. The first line begins with `before`. */
function wrapped(before: string, words: string): string[] {
  const lines = [before];
  for (const word of words.split(" ")) {
    const line = lines.at(-1)!;
    const longer = line.endsWith(" ") ? line + word : `${line} ${word}`;
    if (longer.length <= LONGEST_LINE) lines[lines.length - 1] = longer;
    else lines.push(`   * ${word}`);
  }
  return lines;
}
