import { readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import * as bluetooth from "../../src/constants/bluetooth.js";
import * as can from "../../src/constants/can.js";
import * as ieee802154 from "../../src/constants/ieee802154.js";
import * as ip from "../../src/constants/ip.js";
import * as ipv6 from "../../src/constants/ipv6.js";
import * as llc from "../../src/constants/llc.js";
import * as misdn from "../../src/constants/misdn.js";
import * as netlink from "../../src/constants/netlink.js";
import * as packet from "../../src/constants/packet.js";
import * as rds from "../../src/constants/rds.js";
import * as sctp from "../../src/constants/sctp.js";
import * as socket from "../../src/constants/socket.js";
import * as tcp from "../../src/constants/tcp.js";
import * as timestamping from "../../src/constants/timestamping.js";
import * as udp from "../../src/constants/udp.js";
import type { ControlEntry } from "../../src/control/entry.js";
import { type ControlName, controlMessages } from "../../src/control/index.js";
import { type Sample, samples } from "./samples.js";

// docs/control-messages.md, made of the table and of the samples that the codecs are tested with.

type Constants = Readonly<Record<string, number>>;

/** The options that switch messages on, by level: those whose names begin like this. */
const OPTIONS: Record<string, [constants: Constants, names: RegExp]> = {
  SOL_SOCKET: [socket, /^SO_/],
  SOL_IP: [ip, /^IP_(?!RECVRETOPTS|ORIGDSTADDR)/],
  SOL_IPV6: [ipv6, /^IPV6_(?!ORIGDSTADDR)/],
  SOL_TCP: [tcp, /^TCP_(?!CM_)/],
  SOL_UDP: [udp, /^UDP_/],
  SOL_SCTP: [sctp, /^SCTP_(RECV|EVENTS)/],
  SOL_RDS: [rds, /^(RDS_(?!CMSG)|SO_RDS)/],
  SOL_NETLINK: [netlink, /^NETLINK_(PKTINFO|LISTEN)/],
  SOL_PACKET: [packet, /^PACKET_AUXDATA/],
  SOL_CAN_J1939: [can, /^SO_J1939/],
  SOL_LLC: [llc, /^LLC_OPT/],
  SOL_BLUETOOTH: [bluetooth, /^BT_(?!SCM|PROTO)/],
  SOL_HCI: [bluetooth, /^HCI_(DATA|TIME)/],
  SOL_IEEE802154: [ieee802154, /^WPAN/],
  SOL_MISDN: [misdn, /^MISDN/],
};

const DIRECTIONS = {
  send: "sent",
  receive: "received",
  both: "sent and received",
  errorQueue: "received with MSG_ERRQUEUE",
} as const;

const sources = new URL("../../src/control/", import.meta.url);
const source = readdirSync(sources)
  .map((file) => readFileSync(new URL(file, sources), "utf8"))
  .join("\n");

/** What an editor shows for a name: the comment above its entry. */
export function comment(name: string): string {
  const found = new RegExp(`/\\*\\* ([^\\n]*) \\*/\\n  ${name}: \\{`).exec(source);
  if (found === null) throw new Error(`${name} has no comment of one line above it`);
  return found[1]!;
}

/** The comment without what the list below it says again. */
const description = (name: string) => comment(name).replace(/ Source: .*/, "");

const sampleOf = (name: string): Sample => samples.find(({ message }) => message.name === name)!;

function optionName(level: string, option: number): string {
  const [constants, names] = OPTIONS[level]!;
  const found = Object.entries(constants).find(([name, value]) => value === option && names.test(name));
  if (found === undefined) throw new Error(`no option ${option} of ${level}`);
  return found[0];
}

function flagNames(value: number): string {
  return Object.entries(timestamping)
    .filter(([name, bit]) => name.startsWith("SOF_TIMESTAMPING_") && !name.endsWith("_MASK") && value & bit)
    .map(([name]) => name.replace("SOF_TIMESTAMPING_", ""))
    .join(", ");
}

function switchedOnBy(name: string, { enable, direction }: ControlEntry): string {
  if (direction === "send") return "";
  if (enable === undefined) return "always on";
  // Timestamps of Bluetooth and the like are switched on by SOL_SOCKET.
  const own = sampleOf(name).level;
  const level = enable.level === controlMessages.rights.level ? "SOL_SOCKET" : own;
  const isFlags = level === "SOL_SOCKET" && enable.value !== undefined;
  const flags = isFlags ? ` with ${flagNames(enable.value!)}` : "";
  return `${optionName(level, enable.option)}${flags}`;
}

/** Where only some types of a family's sockets deliver it. */
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
    ["Level and type", `${sampleOf(name).level}, ${entry.constant} (${entry.level}, ${entry.type})`],
    ["Payload", `\`${entry.payload.ctype}\`, ${size(entry)}`],
    ["Direction", DIRECTIONS[entry.direction]],
    ["Switched on by", switchedOnBy(name, entry)],
    ["Sockets", entry.families?.join(", ") ?? "any"],
    ["Received by", deliveredBy(entry)],
    ["Since", `Linux ${entry.since}`],
    ["Described in", entry.source],
  ].filter(([, fact]) => fact !== "");
  return [
    `### ${name}`,
    "",
    description(name),
    "",
    ...facts.map(([label, fact]) => `- ${label}: ${fact}`),
    "",
    "```js",
    example(name),
    "```",
    "",
  ].join("\n");
}

/** The whole page. */
export function referencePage(): string {
  const names = Object.keys(controlMessages) as ControlName[];
  const levels = new Map<string, ControlName[]>();
  for (const name of names) {
    const { level } = sampleOf(name);
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
    "| level | messages |",
    "|---|---|",
    ...overview,
    "",
    ...[...levels].flatMap(([level, group]) => [
      `## ${level}`,
      "",
      ...group.map((name) => section(name, controlMessages[name])),
    ]),
  ].join("\n");
}
