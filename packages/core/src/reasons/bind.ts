import { type AddressInput, addressFamily, decodeAddress } from "../address/index.js";
import { fs } from "../builtins.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TYPE } from "../constants/socket.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import { EACCES, EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOENT, ENOTDIR, EROFS } from "../errno.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import { binding } from "../native/load.js";
import { directoryOf } from "../socket-file/file-path.js";
import { getInt } from "../syscalls/int-option.js";
import { isIp, withoutInterface } from "./destination.js";
import type { Reasons } from "./reasons.js";
import { aboutDirectory, fileOf, isBound, kindOf, notDirectory, type Path, probe } from "./unix-path.js";

/** A socket that can't be bound to an address, or can't listen there. */
export interface Place {
  readonly fd: number;
  readonly address: AddressInput;
  /** Whether the call has the option unlink. */
  readonly canUnlink?: boolean;
}

interface Parts {
  path?: Path;
  abstract?: Path;
  port?: number;
  address?: string;
}

function inUse({ fd, address, canUnlink = false }: Place): string | undefined {
  const { path, abstract, port } = address as Parts;
  if (path !== undefined) return fileInTheWay(path, canUnlink);
  if (abstract !== undefined) {
    return "another socket has this abstract name. Stop its program, or choose another name";
  }
  if (!isIp(addressFamily(address)) || port === undefined || port === 0) return undefined;
  const list = getInt(fd, SOL_SOCKET, SO_TYPE) === SOCK_DGRAM ? "-lunp" : "-ltnp";
  return `another socket has this port. Choose another port, or find the other program: ss ${list} 'sport = :${port}'`;
}

const UNLINK = 'To replace it, give the option unlink: "stale"';
const REMOVE = "Remove it before you bind: fs.rmSync(path, { force: true })";

/** Says what is at a path. We look with lstat(2), because bind(2) does not follow a symbolic link at the end of the path. */
function fileInTheWay(path: Path, canUnlink: boolean): string | undefined {
  const found = fs().lstatSync(fileOf(path), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isSocket()) {
    return `${kindOf(found)} is at this path, and the library removes only sockets. Remove it yourself, or choose another path`;
  }
  switch (isBound(probe({ path }))) {
    case true:
      return "the socket of a running server is at this path. Stop that server, or choose another path";
    case false:
      return `a server that no longer runs has left this file. ${canUnlink ? UNLINK : REMOVE}`;
    default:
      return "a socket is at this path, and this process can't find out whether its server runs. Choose another path";
  }
}

/** Where the kernel begins to let everybody have a port: ip(7), ip_unprivileged_port_start. */
function firstFreePort(): number {
  return Number(fs().readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "latin1"));
}

function forbidden({ address }: Place): string | undefined {
  const { path, port } = address as Parts;
  if (path !== undefined) {
    return `this user may not make a file in the directory ${directoryOf(fileOf(path))}. Choose another directory, or change its mode or owner`;
  }
  if (!isIp(addressFamily(address)) || port === undefined) return undefined;
  const first = firstFreePort();
  return port > 0 && port < first
    ? `a port below ${first} needs CAP_NET_BIND_SERVICE, which root has. Choose a port from ${first} on`
    : undefined;
}

/** A socket can be bound once: unix_bind_bsd(), net/unix/af_unix.c; __inet_bind(), net/ipv4/af_inet.c. */
function boundAlready(fd: number): string | undefined {
  const bytes = new Uint8Array(ADDRESS_SPACE);
  const length = binding().getsockname(fd, bytes);
  if (length < 0) return undefined;
  const { path, abstract, port = 0 } = decodeAddress(bytes.subarray(0, length)) as Parts;
  const isBound = path !== undefined || abstract !== undefined || port > 0;
  return isBound ? "the socket is bound already. Make another one" : undefined;
}

/** Why bind(2) fails. */
export const BIND: Reasons<Place> = {
  [EADDRINUSE]: inUse,
  [EACCES]: forbidden,
  [ENOENT]: ({ address }) => {
    const { path } = address as Parts;
    const missing = path === undefined ? undefined : aboutDirectory(fileOf(path));
    return missing && `${missing}. Make it first`;
  },
  [ENOTDIR]: ({ address }) => {
    const { path } = address as Parts;
    return path === undefined ? undefined : notDirectory(path);
  },
  [EROFS]: ({ address }) =>
    addressFamily(address) === AF_UNIX
      ? "the file system is mounted read-only. Choose another directory"
      : undefined,
  [EADDRNOTAVAIL]: ({ address }) => {
    if (!isIp(addressFamily(address))) return undefined;
    const everything = (address as Parts).address?.includes(":") ? "::" : "0.0.0.0";
    return `no interface of this machine has this address. Choose one that "ip address" lists, or ${everything} for all`;
  },
  [EINVAL]: ({ fd, address }) => withoutInterface(address) ?? boundAlready(fd),
};
