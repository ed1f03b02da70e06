import * as families from "../constants/address-families.js";
import * as levels from "../constants/levels.js";
import * as messageFlags from "../constants/message-flags.js";
import * as shutdown from "../constants/shutdown.js";
import * as socketConstants from "../constants/socket.js";
import * as socketTypes from "../constants/socket-types.js";
import { controlTable } from "../control/table.js";
import { optionTable } from "../options/table.js";

// bundle.mjs runs this module and puts NAMES into the bundle instead: the tables are ten times as large.

type Names = Readonly<Record<number | string, string>>;

/** Names by number. */
const byNumber = (constants: object, prefix: string): Names => {
  const names: Record<number, string> = {};
  for (const [name, number] of Object.entries(constants)) if (name.startsWith(prefix)) names[number] ??= name;
  return names;
};

/** Names by "level:number". Where the family decides what a level is, the table has the levels of IP first. */
const byLevel = (entries: readonly { level: number; number: number; constant: string }[]): Names => {
  const names: Record<string, string> = {};
  for (const { level, number, constant } of entries) names[`${level}:${number}`] ??= constant;
  return names;
};

const options = Object.values(optionTable());

const tables = {
  families: byNumber(families, "AF_"),
  // Level 0 is SOL_IP and SOL_HCI, for example. The table has the usual one.
  levels: {
    ...byNumber(levels, "SOL_"),
    ...Object.fromEntries(options.map(({ level, levelName }) => [level, levelName]).reverse()),
  },
  messageFlags: byNumber(messageFlags, "MSG_"),
  socketTypes: byNumber(socketTypes, "SOCK_"),
  shutdown: byNumber(shutdown, "SHUT_"),
  // The table leaves out SO_PEERPIDFD and others, which only the kernel's headers name.
  options: {
    ...byLevel(
      Object.entries(socketConstants)
        .filter(([name]) => name.startsWith("SO_"))
        .map(([constant, number]) => ({ level: levels.SOL_SOCKET, number, constant })),
    ),
    ...byLevel(options.map(({ level, option, constant }) => ({ level, number: option, constant }))),
  },
  control: byLevel(
    Object.values(controlTable()).map(({ level, type, constant }) => ({ level, number: type, constant })),
  ),
};

/** The kernel's names of the numbers that system calls take and return. */
export const NAMES: Readonly<Record<keyof typeof tables, Names>> = tables;
