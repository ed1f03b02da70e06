import { inspect } from "node:util";
import * as timestamping from "../../src/constants/timestamping.js";
import type { ControlEntry } from "../../src/control/entry.js";
import { type ControlName, controlMessages } from "../../src/control/index.js";
import { type Source, TableComments } from "../support/table-comments.js";
import { type Sample, samples } from "./samples.js";
import { versions } from "./versions.js";

// docs/control-messages.md and what stands above each entry, made of the table, of its source and of the samples that the
// codecs are tested with.

const DIRECTIONS = {
  send: "sent",
  receive: "received",
  both: "sent and received",
  errorQueue: "received with MSG_ERRQUEUE",
} as const;

const comments = new TableComments(new URL("../../src/control/", import.meta.url));

/** What a person has written above an entry. */
export const description = (name: string, { constant }: ControlEntry): string =>
  comments.description(name, constant);

/** What the table says of an entry, as an editor shows it. */
function facts(entry: ControlEntry): string {
  const { constant, type, levelName, payload, direction, since, sentSince, source, privilege } = entry;
  const enable = switchedOnBy(entry);
  return [
    `${constant} (${type}) of ${levelName}: ${payload.ctype}, ${DIRECTIONS[direction]}${enable && `, switched on by ${enable}`}.`,
    privilege && `Sending needs ${privilege}.`,
    `Since Linux ${since}${sentSince === undefined ? "" : `, sent since ${sentSince}`}.`,
    `Source: ${source}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The files of the table as they should be. */
export const documentedSources = (): Source[] =>
  comments.rewritten(
    Object.entries<ControlEntry>(controlMessages).map(([name, entry]) => [
      name,
      entry.constant,
      facts(entry),
    ]),
  );

const sampleOf = (name: string): Sample => samples.find(({ message }) => message.name === name)!;

function flagNames(value: number): string {
  return Object.entries(timestamping)
    .filter(([name, bit]) => name.startsWith("SOF_TIMESTAMPING_") && !name.endsWith("_MASK") && value & bit)
    .map(([name]) => name.replace("SOF_TIMESTAMPING_", ""))
    .join(", ");
}

/** "" if nothing has to be switched on. */
function switchedOnBy({ enable, direction }: ControlEntry): string {
  if (direction === "send" || enable === undefined) return "";
  const { levelName, constant, value } = enable;
  const isFlags = levelName === "SOL_SOCKET" && value !== undefined;
  return isFlags ? `${constant} with ${flagNames(value)}` : constant;
}

/** Where only some types of a family's sockets deliver it. */
function deliveredBy({ types = {} }: ControlEntry): string {
  const byTypes = new Map<string, string[]>();
  for (const [family, names] of Object.entries(types)) {
    const key = names!.join(", ");
    byTypes.set(key, [...(byTypes.get(key) ?? []), family]);
  }
  return [...byTypes]
    .map(([names, families]) => `only the ${names} sockets of ${families.join(" and ")}`)
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
    ["Level and type", `${entry.levelName}, ${entry.constant} (${entry.level}, ${entry.type})`],
    ["Payload", `\`${entry.payload.ctype}\`, ${size(entry)}`],
    ["Direction", DIRECTIONS[entry.direction]],
    ["Switched on by", switchedOnBy(entry) || (entry.direction === "send" ? "" : "always on")],
    ["Sending needs", entry.privilege ?? ""],
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
    "## How do we know the versions?",
    "",
    "The list below says where each version of Linux comes from. A distribution's kernel can have a message although it is older:",
    "distributions copy features into older kernels. Only the running kernel can tell for sure.",
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
    const { levelName } = controlMessages[name];
    levels.set(levelName, [...(levels.get(levelName) ?? []), name]);
  }
  const overview = [...levels].map(
    ([level, group]) =>
      `| ${level} | ${group.map((name) => `[${name}](#${name.toLowerCase()})`).join(", ")} |`,
  );
  return [
    "# Control messages",
    "",
    "<!-- Written by packages/core/test/control/reference.test.ts from the library's table. Do not edit. -->",
    "",
    "This page lists every control message of Linux, with its name in the library and an example of its value. You need the names",
    "for `receive` ([how to switch messages on](packets.md#how-do-i-learn-more-about-a-packet)), for `control` of a message that you",
    "send, and for `encodeControl()` and `decodeControl()`. A control message that is not in this list arrives as",
    '`{ name: "unknown", level, type, data }`, and you can send it in this form too.',
    "",
    "If you encode a decoded message, you get the same bytes, with these exceptions:",
    "",
    "- Padding and reserved fields become zero (also `sin_zero` of a sockaddr_in).",
    "- An `ipTos` of four bytes becomes one byte.",
    "- An `ipRecvErr` or `ipv6RecvErr` without a sockaddr (16 bytes) gets an empty sockaddr.",
    "- `security` and `ipSecurity` lose the null byte at the end of the string.",
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
