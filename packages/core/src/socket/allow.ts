import { checkArray, checkInteger, checkObject } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import type { FileDescriptor } from "../descriptor.js";
import { ENOPROTOOPT } from "../errno.js";
import {
  closedError,
  codedError,
  invalidArgType,
  invalidArgValue,
  invalidReturnValue,
  SYSCALL_DENIED,
  type SystemError,
} from "../errors.js";
import { ANY_KEYS, keysNamed, unknownKey } from "../known-keys.js";
import type { SocketFacts } from "./facts.js";
import { SocketOptionAccess } from "./option-access.js";
import { Peer, type PeerCredentials } from "./peer.js";

/**
 * Which peers may connect. Every key that is given must match. A list matches if one of its numbers does, so an empty list matches
 * nobody.
 */
export interface AllowedPeers {
  /** The peer's user. */
  uid?: number | readonly number[];
  /** The peer's group, which is not one of its supplementary groups. */
  gid?: number | readonly number[];
  /** The peer's group, or one of its supplementary groups. */
  groups?: number | readonly number[];
}

/** Decides about a peer: true lets it connect, false refuses it. */
export type AllowFunction = (peer: Peer) => boolean;

/** A peer was refused, because the listener's `allow` did not match. */
export interface PeerRefusedError extends Error {
  code: "ERR_SENDMSG_PEER_REFUSED";
  /** Undefined: the kernel did not tell them. */
  credentials: PeerCredentials | undefined;
  /** The error of the kernel, if it did not tell what `allow` asks for. */
  cause?: unknown;
}

const REFUSED = "ERR_SENDMSG_PEER_REFUSED";

/** Whether an error that accepting returned says that a peer was refused. */
export const isRefusal = (error: Error): boolean => (error as { code?: unknown }).code === REFUSED;

/** The rule of one listener. */
export interface Rule {
  /** Throws what the caller's function throws, and the errors of the kernel. */
  readonly allows: AllowFunction;
  /** Whether an error of {@link allows} says only that the kernel does not tell about this peer. */
  readonly isUnanswered: (error: unknown) => boolean;
  /** Asks for what {@link allows} will ask for, to find out early if this kernel can't tell it. */
  readonly probe: (peer: Peer) => void;
}

/** 4294967295 is no user: the kernel uses it for "nobody is there", and chown(2) for "no change". */
const MAX_ID = 0xfffffffe;

/** Undefined: the key is not there, so any number matches. */
type Ids = ReadonlySet<number> | undefined;

function checkIds(argument: string, value: unknown): ReadonlySet<number> {
  if (typeof value === "number") return new Set([checkInteger(argument, value, 0, MAX_ID)]);
  if (!Array.isArray(value)) throw invalidArgType(argument, "a number or a list of numbers", value);
  return new Set(
    checkArray(argument, value).map((id, i) => checkInteger(`${argument}[${i}]`, id, 0, MAX_ID)),
  );
}

const KEYS = ["uid", "gid", "groups"] as const satisfies readonly (keyof AllowedPeers)[];

function checkAllowedPeers(argument: string, value: object): Record<(typeof KEYS)[number], Ids> {
  const given = checkObject(argument, value, ANY_KEYS) as AllowedPeers;
  // Stricter than checkKeys(), which passes over instances of classes and undefined values: a misspelt key would let everybody in who
  // matches the others.
  for (const key of Object.keys(value)) {
    if (!(KEYS as readonly string[]).includes(key)) throw unknownKey(argument, key, keysNamed(KEYS));
  }
  // `in`, because a key whose value is undefined is a mistake that must not let everybody in.
  const ids = (key: (typeof KEYS)[number]): Ids =>
    key in given ? checkIds(`${argument}.${key}`, given[key]) : undefined;
  const allowed = { uid: ids("uid"), gid: ids("gid"), groups: ids("groups") };
  if (KEYS.every((key) => allowed[key] === undefined)) {
    throw invalidArgValue(argument, `must have at least one of the keys ${KEYS.join(", ")}`);
  }
  return allowed;
}

const matches = (ids: Ids, id: number): boolean => ids === undefined || ids.has(id);

function ruleOfPeers({ uid, gid, groups }: Record<(typeof KEYS)[number], Ids>): Rule {
  return {
    allows: (peer) => {
      const credentials = peer.credentials();
      if (!matches(uid, credentials.uid) || !matches(gid, credentials.gid)) return false;
      return matches(groups, credentials.gid) || peer.groups().some((group) => matches(groups, group));
    },
    isUnanswered: () => true,
    probe: (peer) => {
      peer.credentials();
      if (groups !== undefined) peer.groups();
    },
  };
}

/** Whether the kernel has no answer about one peer: it has ended, or no descriptor is free for its pidfd. */
function isAboutOnePeer(error: unknown): boolean {
  const { syscall, errno, reason } = (error ?? {}) as Partial<SystemError>;
  return syscall === "getsockopt" && errno !== -ENOPROTOOPT && reason !== SYSCALL_DENIED;
}

function ruleOfFunction(argument: string, allow: AllowFunction): Rule {
  return {
    allows: (peer) => {
      const verdict: unknown = allow(peer);
      // Everything else that is true lets everybody in: a Promise, above all.
      if (typeof verdict === "boolean") return verdict;
      // Nobody else handles its rejection, which would end the process.
      if (verdict instanceof Promise) verdict.catch(() => {});
      throw invalidReturnValue(argument, "true or false", verdict);
    },
    // A peer that has ended must not end the server's loop.
    isUnanswered: isAboutOnePeer,
    probe: () => {},
  };
}

/** Checks the option. Undefined: everybody may connect. */
export function checkAllow(
  argument: string,
  allow: AllowedPeers | AllowFunction | undefined,
  { family, type }: Pick<SocketFacts, "family" | "type">,
): Rule | undefined {
  if (allow === undefined) return undefined;
  const rule =
    typeof allow === "function"
      ? ruleOfFunction(argument, allow)
      : ruleOfPeers(checkAllowedPeers(argument, allow));
  if (family === AF_UNIX && (type === SOCK_STREAM || type === SOCK_SEQPACKET)) return rule;
  throw invalidArgValue(
    argument,
    "is only for Unix stream and seqpacket listeners: on other sockets, the kernel does not tell who connects",
  );
}

/** The peer of a Unix socket for which no Socket has been made. */
export function peerOfDescriptor(descriptor: FileDescriptor): Peer {
  const owner = {
    open(): number {
      const { fd } = descriptor;
      if (fd < 0) throw closedError("socket");
      return fd;
    },
  };
  return new Peer(owner, AF_UNIX, new SocketOptionAccess(owner, AF_UNIX));
}

/** Returns the error with which the rule refuses the peer. Undefined: the peer is allowed. Throws what the caller's function throws. */
export function refusalOf(peer: Peer, rule: Rule): PeerRefusedError | undefined {
  let unanswered: { cause: unknown } | undefined;
  try {
    if (rule.allows(peer)) return undefined;
  } catch (error) {
    if (!rule.isUnanswered(error)) throw error;
    unanswered = { cause: error };
  }
  const credentials = credentialsOf(peer);
  const who =
    credentials === undefined
      ? "an unknown process"
      : `process ${credentials.pid} (uid ${credentials.uid}, gid ${credentials.gid})`;
  const why = unanswered === undefined ? "does not allow it" : "needs what the kernel does not tell about it";
  const error = codedError(REFUSED, `The connection of ${who} was refused: "options.allow" ${why}`);
  // A refusal is nothing unusual, and it is no mistake of the program. In a log, the library's own frames would only be in the way.
  error.stack = error.stack!.split("\n", 1)[0]!;
  return Object.assign(error, { credentials }, unanswered) as PeerRefusedError;
}

function credentialsOf(peer: Peer): PeerCredentials | undefined {
  try {
    return peer.credentials();
  } catch {
    return undefined;
  }
}
