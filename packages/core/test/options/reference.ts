import type { OptionEntry } from "../../src/options/entry.js";
import { socketOptions } from "../../src/options/index.js";
import type { Payload } from "../../src/wire/payload.js";
import { type Source, TableComments } from "../support/table-comments.js";

// docs/options.md and what stands above each entry, made of the table and of its source.

const entries = Object.entries<OptionEntry>(socketOptions);

const DIRECTIONS = { get: "read", set: "set", both: "read and set" } as const;

const comments = new TableComments(new URL("../../src/options/", import.meta.url));

/** What a person has written above an entry. */
export const description = (name: string, { constant }: OptionEntry): string =>
  comments.description(name, constant);

/** What the table says of an entry, as an editor shows it. */
function facts(entry: OptionEntry): string {
  const { constant, option, levelName, payload, setPayload, query, direction, since, source, privilege } =
    entry;
  const types = [
    payload.ctype,
    ...(setPayload && setPayload.ctype !== payload.ctype ? [`set as ${setPayload.ctype}`] : []),
    ...(query ? [`asked for with ${query.ctype}`] : []),
  ];
  return [
    `${constant} (${option}) of ${levelName}: ${types.join(", ")}, ${DIRECTIONS[direction]}.`,
    privilege && `Setting needs ${privilege}.`,
    `Since Linux ${since}.`,
    `Source: ${source}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The files of the table as they should be. */
export const documentedSources = (): Source[] =>
  comments.rewritten(entries.map(([name, entry]) => [name, entry.constant, facts(entry)]));

/** The kind of a value: that of the one whose bytes are all zero. */
function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return "Uint8Array";
  if (Array.isArray(value)) return value.length === 0 ? "list" : `${kindOf(value[0])}[]`;
  if (typeof value !== "object" || value === null) return typeof value;
  if ("family" in value) return "Address";
  const fields = Object.entries(value).map(([name, field]) =>
    typeof field === "number" ? name : `${name}: ${kindOf(field)}`,
  );
  return `{ ${fields.join(", ")} }`;
}

/** What JavaScript has for a payload; its C type where zeroes are no value. A struct has the fields of the newest kernel. */
function kindOfPayload({ ctype, size, reserve = size, read }: Payload<unknown>): string {
  const lengths = new Set([size["64"], Math.min(reserve["64"], size["64"] + 8), reserve["64"]]);
  const kinds = [...lengths].flatMap((length) => {
    const value = read(new Uint8Array(length), 0, length, "64");
    return value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [kindOf(value)];
  });
  return kinds.filter((kind) => kind.startsWith("{")).pop() ?? kinds[0] ?? ctype;
}

const cell = (text: string) => text.replaceAll("|", "\\|");

/** The type that is read, and the type to set if it is another one. */
function valueCell({ payload, setPayload }: OptionEntry): string {
  const read = `\`${kindOfPayload(payload)}\``;
  const set = setPayload && `\`${kindOfPayload(setPayload)}\``;
  return set === undefined || set === read ? read : `${read}; to set: ${set}`;
}

function row(name: string, entry: OptionEntry): string {
  const { constant, direction, since, privilege = "", source, families = ["any"] } = entry;
  const cells = [
    `\`${name}\``,
    constant,
    description(name, entry),
    valueCell(entry),
    DIRECTIONS[direction],
    families.join(", "),
    since,
    privilege,
    source,
  ];
  return `| ${cells.map(cell).join(" | ")} |`;
}

/** The whole page. */
export function referencePage(): string {
  const levels = new Map<string, string[]>();
  for (const [name, entry] of entries) {
    levels.set(entry.levelName, [...(levels.get(entry.levelName) ?? []), row(name, entry)]);
  }
  return [
    "# Socket options",
    "",
    "<!-- Written by packages/core/test/options/reference.test.ts from the library's table. Do not edit. -->",
    "",
    "This page lists every socket option that has a name in the library: `socket.options.get(name)` reads it, and",
    "`socket.options.set(name, value)` sets it. To use any other option, give its numbers to `socket.options.getRaw()` and",
    "`socket.options.setRaw()`. [Packets](packets.md#options) shows how.",
    "",
    "- **Value** is the type of the value. A field without a type is a number. For an `interface`, you can set its name or its",
    "  number, and reading gives the number.",
    "- **Sockets** lists the families that have the option.",
    "- **Since Linux** is the first version that has it.",
    "- **Setting needs** is the capability that you need to set it.",
    "",
    [...levels.keys()].map((level) => `[${level}](#${level.toLowerCase()})`).join(" · "),
    "",
    ...[...levels].flatMap(([level, rows]) => [
      `## ${level}`,
      "",
      "| name | constant | what it is | value | direction | sockets | since Linux | setting needs | source |",
      "|---|---|---|---|---|---|---|---|---|",
      ...rows,
      "",
    ]),
  ].join("\n");
}
