import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TXTIME } from "../constants/socket.js";
import { decodeControl } from "../control/decode.js";
import { type ControlMessage, entriesOf, entryNamed } from "../control/table.js";
import { EINVAL, ENETUNREACH, EPERM, ESRCH } from "../errno.js";
import { getInt } from "../syscalls/int-option.js";
import { PLAIN_SEND, type Unsent } from "./plain-send.js";
import type { Reasons } from "./reasons.js";

const controlOf = ({ control, family }: Unsent): ControlMessage[] =>
  control === null ? [] : decodeControl(control, { family });

/** The kernel lets a process send its own ids only, or needs a capability: scm_check_creds(), net/core/scm.c. */
function foreignCredentials(facts: Unsent): string | undefined {
  const credentials = controlOf(facts).find(({ name }) => name === "credentials") as
    | { value: { pid: number; uid: number; gid: number } }
    | undefined;
  if (credentials === undefined) return undefined;
  const { pid, uid, gid } = credentials.value;
  const foreign: string[] = [];
  if (pid !== process.pid) foreign.push(`pid ${pid}, which needs CAP_SYS_ADMIN`);
  if (![process.getuid!(), process.geteuid!()].includes(uid))
    foreign.push(`uid ${uid}, which needs CAP_SETUID`);
  if (![process.getgid!(), process.getegid!()].includes(gid))
    foreign.push(`gid ${gid}, which needs CAP_SETGID`);
  if (foreign.length === 0) return undefined;
  return `the control message "credentials" has ${foreign.join(", and ")}. Send this process's own pid, uid and gid`;
}

/** A control message for which the process lacks a capability. */
function privileged(facts: Unsent): string | undefined {
  for (const { name } of controlOf(facts)) {
    const privilege = entryNamed(name)?.entry.privilege;
    if (privilege !== undefined) {
      return `the control message "${name}" needs ${privilege}, which this process may lack`;
    }
  }
  return undefined;
}

function refused(facts: Unsent): string | undefined {
  // With descriptors, root mostly gets EPERM for them: it may send any credentials.
  const sendsAsRoot = facts.fds.length > 0 && process.geteuid!() === 0;
  return (
    (sendsAsRoot ? undefined : foreignCredentials(facts)) ?? privileged(facts) ?? PLAIN_SEND[EPERM]!(facts)
  );
}

/** No entry of the table that has this number can be sent. */
function isReceivedOnly(name: string): boolean {
  const entry = entryNamed(name)?.entry;
  return (
    entry !== undefined &&
    entriesOf(entry.level, entry.type).every(
      ({ entry: { direction } }) => direction === "receive" || direction === "errorQueue",
    )
  );
}

/** The kernel gives the same errors for a source that this machine does not have as for a destination without a route. */
function foreignSource(facts: Unsent): string | undefined {
  for (const { name, value } of controlOf(facts) as { name: string; value: unknown }[]) {
    let source: string | undefined;
    if (name === "ipPktInfo") source = (value as { specificDestination: string }).specificDestination;
    if (name === "ipv6PktInfo") source = (value as { address: string }).address;
    if (source !== undefined && source !== "0.0.0.0" && source !== "::") {
      return `the packet is to leave from ${source}, which may be no address of this machine. See: ip address`;
    }
  }
  return undefined;
}

function invalid(facts: Unsent): string | undefined {
  const known = PLAIN_SEND[EINVAL]!(facts) ?? foreignSource(facts);
  if (known !== undefined) return known;
  const items = controlOf(facts);
  const received = items.findIndex(({ name }) => isReceivedOnly(name));
  if (received >= 0) {
    return `message.control[${received}] is "${items[received]!.name}", which can only be received. Leave it out`;
  }
  // The option reads as 0 while it is off, but also with CLOCK_REALTIME.
  if (items.some(({ name }) => name === "txTime") && getInt(facts.fd, SOL_SOCKET, SO_TXTIME) === 0) {
    return 'the socket takes no "txTime" yet. Call enableTxTime() for it first';
  }
  if (items.length === 0 || facts.flags !== 0) return undefined;
  const names = items.map(({ name }) => `"${name}"`).join(", ");
  return `the cause may be a control message that this socket does not take, or its value. Check ${names}`;
}

/** Why sendmsg(2) fails, also if the message has control messages. */
export const SEND: Reasons<Unsent> = {
  ...PLAIN_SEND,
  [EPERM]: refused,
  // The kernel finds no process with the pid: __scm_send(), net/core/scm.c.
  [ESRCH]: (facts) => {
    const credentials = controlOf(facts).find(({ name }) => name === "credentials");
    return (
      credentials &&
      'no process has the pid that the control message "credentials" gives. Send this process\'s own pid'
    );
  },
  [EINVAL]: invalid,
  [ENETUNREACH]: (facts) => foreignSource(facts) ?? PLAIN_SEND[ENETUNREACH]!(facts),
};
