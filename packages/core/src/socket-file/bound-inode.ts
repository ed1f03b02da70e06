import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { fs } from "../builtins.js";
import { AF_NETLINK, AF_UNIX } from "../constants/address-families.js";
import { MSG_DONTWAIT } from "../constants/message-flags.js";
import { NETLINK_SOCK_DIAG } from "../constants/netlink.js";
import { SOCK_CLOEXEC, SOCK_RAW } from "../constants/socket-types.js";
import { binding } from "../native/load.js";
import { readAttributes } from "../wire/attributes.js";
import { readU16, readU32, write32, writeU16 } from "../wire/bytes.js";
import { statOfOpen } from "./open-file.js";

/** struct nlmsghdr, include/uapi/linux/netlink.h. */
const NLMSG_TYPE = 4;
const NLMSG_FLAGS = 6;
const NLMSG_HDRLEN = 16;
const NLM_F_REQUEST = 1;
/** nl_pid in struct sockaddr_nl. 0 is the kernel. */
const NL_PID = 4;
const SOCKADDR_NL = 12;

/** include/uapi/linux/sock_diag.h */
const SOCK_DIAG_BY_FAMILY = 20;
/** struct unix_diag_req and struct unix_diag_msg, include/uapi/linux/unix_diag.h. */
const REQUEST = 24;
const REQUEST_STATES = 4;
const REQUEST_INO = 8;
const REQUEST_SHOW = 12;
const REQUEST_COOKIE = 16;
const REPLY = 16;
const REPLY_INO = 4;
const UDIAG_SHOW_VFS = 2;
const UNIX_DIAG_VFS = 1;
const UNIX_DIAG_VFS_SIZE = 8;
const ANY = 0xffff_ffff;

/** An inode's numbers as the kernel itself uses them, cut to 32 bits each. */
interface Inode {
  ino: number;
  /** The major number in the upper 12 bits, the minor number in the lower 20: include/linux/kdev_t.h. */
  dev: number;
}

/**
 * Whether the socket is bound to the file of the O_PATH descriptor `opened`, whose stat(2) is `stats`. Returns undefined if we
 * can't find out: the kernel has no UNIX_DIAG, or a sandbox forbids AF_NETLINK.
 */
export function isBoundTo(socket: number, opened: number, stats: BigIntStats): boolean | undefined {
  try {
    const bound = boundInode(Number(statOfOpen(socket).ino));
    if (bound === undefined) return undefined;
    if (isSame(bound, ofStat(stats))) return true;
    // On btrfs and overlayfs, stat(2) returns other numbers than the kernel uses itself.
    const own = ownInode(opened, stats);
    return own && isSame(bound, own);
  } catch {
    return undefined;
  }
}

function isSame(a: Inode, b: Inode): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

const inode = (ino: bigint, major: bigint, minor: bigint): Inode => ({
  ino: Number(BigInt.asUintN(32, ino)),
  dev: Number(BigInt.asUintN(32, (major << 20n) | minor)),
});

/** st_dev holds both numbers as makedev(3) packs them. */
function ofStat({ ino, dev }: BigIntStats): Inode {
  const major = ((dev >> 32n) & 0xffff_f000n) | ((dev >> 8n) & 0xfffn);
  const minor = ((dev >> 12n) & 0xffff_ff00n) | (dev & 0xffn);
  return inode(ino, major, minor);
}

/** Reads the numbers from /proc: proc_pid_fdinfo(5), proc_pid_mountinfo(5). Before Linux 5.14, /proc does not show the inode. */
function ownInode(fd: number, stats: BigIntStats): Inode | undefined {
  const info = fs().readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
  const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
  const ino = /^ino:\s*(\d+)$/m.exec(info)?.[1];
  const device = new RegExp(`^${mount} \\d+ (\\d+):(\\d+) `, "m").exec(
    fs().readFileSync("/proc/self/mountinfo", "latin1"),
  );
  if (device === null) return undefined;
  return inode(ino === undefined ? stats.ino : BigInt(ino), BigInt(device[1]!), BigInt(device[2]!));
}

/** Asks the kernel for the inode to which a Unix socket is bound: sock_diag(7), net/unix/diag.c. This needs no privilege. */
function boundInode(socketInode: number): Inode | undefined {
  const native = binding();
  const netlink = native.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return undefined;
  try {
    if (native.sendmsg(netlink, request(socketInode), MSG_DONTWAIT) < 0) return undefined;
    const reply = Buffer.alloc(1024);
    const from = Buffer.alloc(SOCKADDR_NL);
    // The kernel has put its answer into the queue before sendmsg(2) returned.
    const length = native.recvmsg(netlink, reply, MSG_DONTWAIT, null, from);
    if (length < NLMSG_HDRLEN + REPLY || readU32(from, NL_PID) !== 0) return undefined;
    return inodeIn(reply.subarray(0, length), socketInode);
  } finally {
    native.close(netlink);
  }
}

function request(socketInode: number): Uint8Array {
  const bytes = Buffer.alloc(NLMSG_HDRLEN + REQUEST);
  write32(bytes, 0, bytes.length);
  writeU16(bytes, NLMSG_TYPE, SOCK_DIAG_BY_FAMILY);
  writeU16(bytes, NLMSG_FLAGS, NLM_F_REQUEST);
  bytes[NLMSG_HDRLEN] = AF_UNIX;
  write32(bytes, NLMSG_HDRLEN + REQUEST_STATES, ANY);
  write32(bytes, NLMSG_HDRLEN + REQUEST_INO, socketInode);
  write32(bytes, NLMSG_HDRLEN + REQUEST_SHOW, UDIAG_SHOW_VFS);
  // INET_DIAG_NOCOOKIE: the inode number alone identifies the socket.
  write32(bytes, NLMSG_HDRLEN + REQUEST_COOKIE, ANY);
  write32(bytes, NLMSG_HDRLEN + REQUEST_COOKIE + 4, ANY);
  return bytes;
}

function inodeIn(reply: Buffer, socketInode: number): Inode | undefined {
  if (readU16(reply, NLMSG_TYPE) !== SOCK_DIAG_BY_FAMILY) return undefined;
  if (readU32(reply, NLMSG_HDRLEN + REPLY_INO) !== socketInode) return undefined;
  const attributes = readAttributes(reply, NLMSG_HDRLEN + REPLY, reply.length);
  const vfs = attributes?.find(({ type }) => type === UNIX_DIAG_VFS)?.data;
  if (vfs === undefined || vfs.length < UNIX_DIAG_VFS_SIZE) return undefined;
  return { ino: readU32(vfs, 0), dev: readU32(vfs, 4) };
}
