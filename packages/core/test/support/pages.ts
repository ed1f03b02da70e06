import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { evaluate } from "./evaluate.js";

// The pages in docs: their sections, tables and programs.

export const repository = fileURLToPath(new URL("../../../..", import.meta.url));

export const textOf = (file: string): string => readFileSync(`${repository}/${file}`, "utf8");

export interface Section {
  heading: string;
  text: string;
}

/** The sections of a page, at headings of level 2. The text before the first one has the heading "". */
export function sectionsOf(page: string): Section[] {
  return textOf(page)
    .split(/^## /m)
    .map((part, i) =>
      i === 0
        ? { heading: "", text: part }
        : { heading: part.slice(0, part.indexOf("\n")), text: part.slice(part.indexOf("\n")) },
    );
}

/** The programs in a section: code blocks in JavaScript. */
export const programsOf = (text: string): string[] =>
  [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);

/** The rows of all tables in a section, without the heads. */
export const rowsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );

/** What a program says that it prints: comments behind console.log(…), and comments that begin with "prints". */
export const printedBy = (program: string): string =>
  [...program.matchAll(/console\.log\(.*\); \/\/ (.*)$|^\s*\/\/ prints (.*)$/gm)]
    .map(([, behind, line]) => `${behind ?? line}\n`)
    .join("");

export interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a program in the repository, where it finds `sendmsg`. */
export function run(
  args: readonly string[],
  command = process.execPath,
  env: Record<string, string> = {},
): Promise<Outcome> {
  const child = spawn(command, args, {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const outcome: Outcome = { code: null, output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    outcome.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    outcome.errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...outcome, code }));
  });
}

/** Runs the source text of a program as it stands. */
export const runSource = (program: string): Promise<Outcome> => run(evaluate(program));

/** Without the spaces and line breaks with which console.log shows an object. */
export const withoutSpaces = (text: string): string => text.replaceAll(/\s+/g, "");

/** The members of an exported interface or class, as the reports in packages/core/api have them. */
export function membersOf(report: string, name: string): Map<string, { optional: boolean }> {
  const text = textOf(`packages/core/api/${report}.api.md`);
  const declaration = new RegExp(
    `^(?:export )?(?:interface|class) ${name}\\b[^{\\n]*(?: extends ([\\w, <>]+?))?(?: implements [^{]*)? \\{\\n(.*?)^\\}$`,
    "ms",
  ).exec(text);
  if (declaration === null) throw new Error(`${report}.api.md has no ${name}`);
  const members = new Map<string, { optional: boolean }>();
  // Comments and the lines of nested types are indented further, or begin with //.
  for (const [, member, optional] of declaration[2]!.matchAll(
    /^ {4}(?:static |readonly |get )*(\w+)(\??)(?=[(:<])/gm,
  )) {
    if (member !== "constructor") members.set(member!, { optional: optional === "?" });
  }
  return members;
}
