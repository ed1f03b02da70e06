import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import * as timestamping from "../../src/constants/timestamping.js";
import type { ControlEntry } from "../../src/control/entry.js";
import { type ControlName, controlMessages } from "../../src/control/index.js";
import { type Sample, samples } from "./samples.js";
import { versions } from "./versions.js";

// Makes docs/control-messages.md, and the comment of each entry, from the table, its source text and the samples of the codecs'
// tests.

const DIRECTIONS = {
  send: "sent",
  receive: "received",
  both: "sent and received",
  errorQueue: "received with MSG_ERRQUEUE",
} as const;

const folder = new URL("../../src/control/", import.meta.url);

/** A file of the table, with its path. */
interface Source {
  readonly path: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync(folder).map((file) => {
  const path = fileURLToPath(new URL(file, folder));
  return { path, text: readFileSync(path, "utf8") };
});

/** The kernel's names in an entry's source text, and the entry's comment. */
interface Written {
  readonly comment: string;
  readonly level: string;
  /** The level and the name of the option. */
  readonly enable: readonly [level: string, option: string] | undefined;
}

const ENTRY = (name: string) =>
  new RegExp(`( {2}/\\*\\*(?:(?!\\*/)[^])*\\*/\\n)( {2}${name}: \\{\\n[^]*?\\n {2}\\},\\n)`);

function written(name: string): Written {
  for (const { text } of sources) {
    const [, comment, entry] = ENTRY(name).exec(text) ?? [];
    if (comment === undefined || entry === undefined) continue;
    const [, level] = /^ {4}level: (\w+),/m.exec(entry)!;
    const [, ...enable] = /enable: \{\s+level: (\w+),\s+option: (\w+)/.exec(entry) ?? [];
    return { comment, level: level!, enable: enable.length === 0 ? undefined : [enable[0]!, enable[1]!] };
  }
  throw new Error(`${name}: no entry with a comment above it`);
}

/** The part of an entry's comment that a person has written. The part from the type's name on is made from the table. */
export function description(name: string, { constant }: ControlEntry): string {
  const words = written(name)
    .comment.replace(/^ *\/\*\*|\*\/$|^ *\* ?/gm, "")
    .split(/\s+/)
    .join(" ");
  return words.split(` ${constant} (`)[0]!.trim();
}

/** The text that an editor shows for a name. */
function docstring(name: string, entry: ControlEntry): string {
  const { constant, type, payload, direction, since, sentSince, source } = entry;
  const facts = [
    `${constant} (${type}) of ${written(name).level}: ${payload.ctype}, ${DIRECTIONS[direction]}`,
    switchedOnBy(name, entry) && `switched on by ${switchedOnBy(name, entry)}`,
  ];
  const age = `Since Linux ${since}${sentSince === undefined ? "" : `, sent since ${sentSince}`}`;
  return `  /** ${description(name, entry)}\n   * ${facts.filter(Boolean).join(", ")}. ${age}. Source: ${source}. */\n`;
}

/** The files of the table with the right comments. */
export const documentedSources = (): Source[] =>
  sources.map(({ path, text }) => {
    let documented = text;
    for (const [name, entry] of Object.entries<ControlEntry>(controlMessages)) {
      documented = documented.replace(ENTRY(name), (_, _comment, rest) => docstring(name, entry) + rest);
    }
    return { path, text: documented };
  });

const sampleOf = (name: string): Sample => samples.find(({ message }) => message.name === name)!;

function flagNames(value: number): string {
  return Object.entries(timestamping)
    .filter(([name, bit]) => name.startsWith("SOF_TIMESTAMPING_") && !name.endsWith("_MASK") && value & bit)
    .map(([name]) => name.replace("SOF_TIMESTAMPING_", ""))
    .join(", ");
}

/** "" if the message needs no switch. */
function switchedOnBy(name: string, { enable, direction }: ControlEntry): string {
  if (direction === "send" || enable === undefined) return "";
  const isFlags = written(name).enable![0] === "SOL_SOCKET" && enable.value !== undefined;
  const flags = isFlags ? ` with ${flagNames(enable.value!)}` : "";
  return `${written(name).enable![1]}${flags}`;
}

/** The types of sockets that deliver the message, if not all types of the family do. */
function deliveredBy({ types = {} }: ControlEntry): string {
  const byTypes = new Map<string, string[]>();
  for (const [family, names] of Object.entries(types)) {
    const key = names!.join(", ");
    byTypes.set(key, [...(byTypes.get(key) ?? []), family]);
  }
  return [...byTypes]
    .map(([names, families]) => `of ${families.join(" and ")} those of type ${names}`)
    .join("; ");
}

function size({ payload }: ControlEntry): string {
  const { "64": wide, "32": narrow } = payload.size;
  const bytes = wide === narrow ? `${wide}` : `${wide} (${narrow} in 32-bit programs)`;
  return payload.measure === undefined ? `${bytes} bytes` : `${bytes} bytes or more`;
}

const example = (name: string) =>
  inspect(sampleOf(name).message, { depth: 5, breakLength: 100, compact: 4 })
    .replace(/Uint8Array\(\d+\) (\[.*?\])/g, "Uint8Array.of($1)")
    .replaceAll("of([ ", "of(")
    .replaceAll(" ])", ")");

function section(name: string, entry: ControlEntry): string {
  const facts = [
    ["Level and type", `${written(name).level}, ${entry.constant} (${entry.level}, ${entry.type})`],
    ["Payload", `\`${entry.payload.ctype}\`, ${size(entry)}`],
    ["Direction", DIRECTIONS[entry.direction]],
    ["Switched on by", switchedOnBy(name, entry) || (entry.direction === "send" ? "" : "always on")],
    ["Sockets", entry.families?.join(", ") ?? "any"],
    ["Received by", deliveredBy(entry)],
    [
      "Since",
      `Linux ${entry.since}${entry.sentSince === undefined ? "" : `; sent since ${entry.sentSince}`}`,
    ],
    ["Described in", entry.source],
  ].filter(([, fact]) => fact !== "");
  return [
    `### ${name}`,
    "",
    description(name, entry),
    "",
    ...facts.map(([label, fact]) => `- ${label}: ${fact}`),
    "",
    "```js",
    example(name),
    "```",
    "",
  ].join("\n");
}

function versionsSection(names: readonly ControlName[]): string[] {
  const listed = new Set(versions.flatMap((list) => list.names));
  const list = (of: readonly ControlName[]) => of.map((name) => `\`${name}\``).join(", ");
  return [
    "## What the versions rest on",
    "",
    "Distributions take things over into older kernels. What a kernel has is found out by asking it.",
    "",
    ...versions.map(({ by, names }) => `- ${by}: ${list(names)}.`),
    `- Not verified: ${list(names.filter((name) => !listed.has(name)))}.`,
    "",
  ];
}

/** The whole page. */
export function referencePage(): string {
  const names = Object.keys(controlMessages) as ControlName[];
  const levels = new Map<string, ControlName[]>();
  for (const name of names) {
    const { level } = written(name);
    levels.set(level, [...(levels.get(level) ?? []), name]);
  }
  const overview = [...levels].map(
    ([level, group]) =>
      `| ${level} | ${group.map((name) => `[${name}](#${name.toLowerCase()})`).join(", ")} |`,
  );
  return [
    "# Control messages",
    "",
    "Made from the library's table; do not edit. Each message has the name that `receive`, `encodeControl` and",
    "`decodeControl` use, and an example of its value. What has no name here comes as",
    '`{ name: "unknown", level, type, data }`, and can be sent so too.',
    "",
    "What `decodeControl` gives, `encodeControl` makes into the same bytes again, but for what no value carries: padding and reserved",
    "fields (`sin_zero` of a sockaddr_in, too) become zero; an `ipTos` of four bytes becomes one byte; an `ipRecverr` or `ipv6Recverr`",
    "without a sockaddr (16 bytes) gets an empty one; `security` and `ipSecurity` lose the null byte at the end of a string.",
    "",
    "| level | messages |",
    "|---|---|",
    ...overview,
    "",
    ...[...levels].flatMap(([level, group]) => [
      `## ${level}`,
      "",
      ...group.map((name) => section(name, controlMessages[name])),
    ]),
    ...versionsSection(names),
  ].join("\n");
}
