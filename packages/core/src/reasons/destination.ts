import { familyName } from "../address/family.js";
import { type AddressInput, addressFamily } from "../address/index.js";
import { fs } from "../builtins.js";
import { AF_INET, AF_INET6, AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_BROADCAST } from "../constants/socket.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import { socketTypeName } from "../control/socket-type.js";
import {
  EACCES,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EINVAL,
  ENETUNREACH,
  ENOENT,
  ENOTDIR,
  EPERM,
  EPROTOTYPE,
} from "../errno.js";
import { getInt } from "../syscalls/int-option.js";
import type { Reasons } from "./reasons.js";
import {
  aboutDirectory,
  fileOf,
  isBound,
  kindOf,
  notDirectory,
  otherType,
  type Path,
  probe,
} from "./unix-path.js";

/** A socket that can't reach an address. */
export interface Destination {
  readonly fd: number;
  /** AF_* and SOCK_* of the socket. */
  readonly family: number;
  readonly type: number;
  /** Undefined: the peer to which the socket is connected. */
  readonly address: AddressInput | undefined;
}

const pathOf = (address: AddressInput | undefined): Path | undefined =>
  (address as { path?: Path } | undefined)?.path;
const isAbstract = (address: AddressInput | undefined): address is AddressInput =>
  (address as { abstract?: Path } | undefined)?.abstract !== undefined;
export const isIp = (family: number): boolean => family === AF_INET || family === AF_INET6;

/** Adds where a relative path begins: a server and its client often have different working directories. */
const fromWhere = (path: Path): string =>
  String(fileOf(path)).startsWith("/") ? "" : ` from the working directory ${process.cwd()}`;

function noFile({ address }: Destination): string | undefined {
  const path = pathOf(address);
  if (path === undefined) return undefined;
  const file = fileOf(path);
  const found = fs().lstatSync(file, { throwIfNoEntry: false });
  if (found !== undefined) {
    return found.isSymbolicLink() ? "the path is a symbolic link to a file that does not exist" : undefined;
  }
  if (String(file).startsWith("@")) {
    const name = JSON.stringify(String(file).slice(1));
    return `no file is at this path. If you mean an abstract name, write { abstract: ${name} }`;
  }
  const missing = aboutDirectory(file) ?? "no file is at this path";
  return `${missing}${fromWhere(path)}. Start the server first, or check the path`;
}

function nobodyThere(facts: Destination): string | undefined {
  const { address, type, family } = facts;
  const path = pathOf(address);
  if (path !== undefined) return nobodyAt(path, type);
  if (isAbstract(address)) return nobodyNamed(address, type);
  if (address !== undefined && isIp(family) && type !== SOCK_DGRAM) {
    return "no program listens at this address and port. Start the server first, or check both";
  }
  return undefined;
}

function nobodyAt(path: Path, type: number): string | undefined {
  const found = fs().statSync(fileOf(path));
  if (!found.isSocket()) return `${kindOf(found)} is at this path, and no socket. Check the path`;
  const bound = isBound(probe({ path }));
  if (bound === undefined) return undefined;
  if (!bound) return "a server that no longer runs has left this file. Start the server again";
  return type === SOCK_DGRAM
    ? undefined
    : "a socket is bound to this path, but does not listen. Its server must use Listener.listen(), or call listen(2)";
}

function nobodyNamed(address: AddressInput, type: number): string | undefined {
  // The kernel looks for abstract names among the sockets of one type: unix_find_abstract(), net/unix/af_unix.c.
  if (type !== SOCK_DGRAM && isBound(probe(address))) {
    return 'the socket with this name has the type "dgram". Give type: "dgram"';
  }
  return (
    `no socket of type "${socketTypeName(type)}" in this network namespace has this abstract name. ` +
    "Start the server first, or check the name and the type"
  );
}

function forbidden({ fd, family, type, address }: Destination): string | undefined {
  const path = pathOf(address);
  if (path !== undefined) {
    try {
      fs().statSync(fileOf(path));
    } catch {
      return "this user may not search a directory of the path. Change the directory's mode or owner";
    }
    return "this user may not write to the socket's file. Change the file's mode or owner: the server can give the option mode";
  }
  if (family === AF_INET && type === SOCK_DGRAM && getInt(fd, SOL_SOCKET, SO_BROADCAST) === 0) {
    return 'the address may be a broadcast address. To send there, call socket.options.set("broadcast", true) first';
  }
  return undefined;
}

function refused({ family, type, address }: Destination): string | undefined {
  if (family === AF_UNIX && type === SOCK_DGRAM && address !== undefined && probe(address) === -EPERM) {
    return "the receiver is connected to another socket, and takes messages from that socket only";
  }
  return isIp(family)
    ? "a firewall of this machine may forbid it (netfilter, or a BPF program of the cgroup). Change its rules"
    : undefined;
}

function wrongType({ address, type }: Destination): string | undefined {
  if (pathOf(address) === undefined) return undefined;
  const other = otherType(address!, type);
  if (other !== undefined) return `the server's socket has the type "${other}". Give type: "${other}"`;
  return type === SOCK_DGRAM
    ? 'the server\'s socket has the type "stream" or "seqpacket", not "dgram". Give the server\'s type'
    : undefined;
}

/** A link-local address: fe80::/10. */
const LINK_LOCAL = /^fe[89ab].:/i;

/** A link-local IPv6 address is incomplete without its interface: see ipv6(7), sin6_scope_id. */
export function withoutInterface(address: AddressInput | undefined): string | undefined {
  const { address: text, scopeId = 0 } = (address ?? {}) as { address?: unknown; scopeId?: number };
  return typeof text === "string" && LINK_LOCAL.test(text) && !text.includes("%") && scopeId === 0
    ? `a link-local address needs an interface. Write it as "${text}%eth0", or give scopeId`
    : undefined;
}

function otherFamily({ address, family }: Destination): string | undefined {
  // Sockets of some other families have IP addresses: RDS and SMC.
  if (address === undefined || !(family === AF_UNIX || isIp(family)) || addressFamily(address) === family)
    return undefined;
  const [given, own] = [addressFamily(address), family].map((number) => familyName(number) ?? number);
  return `the address is of family ${given}, and the socket is of family ${own}. Give an address of family ${own}`;
}

/** Why a message or a connection does not reach its destination. */
export const DESTINATION: Reasons<Destination> = {
  [ENOENT]: noFile,
  [ENOTDIR]: ({ address }) => {
    const path = pathOf(address);
    return path === undefined ? undefined : notDirectory(path);
  },
  [ECONNREFUSED]: nobodyThere,
  [EACCES]: forbidden,
  [EPERM]: refused,
  [EPROTOTYPE]: wrongType,
  [EINVAL]: (facts) => withoutInterface(facts.address) ?? otherFamily(facts),
  [EAFNOSUPPORT]: otherFamily,
  [ENETUNREACH]: ({ address, family }) =>
    address !== undefined && isIp(family)
      ? `this machine has no route to the address. Check the address, and: ip route get ${(address as { address?: string }).address}`
      : undefined,
};
