import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_UNIX,
  SO_ERROR,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import {
  accept4,
  bind,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  recvmsg,
  sendmsg,
  socket,
} from "../../src/syscalls/index.js";
import { isCloseOnExec } from "../support/descriptor-state.js";
import { fchmodSync, fchownSync } from "../support/files.mjs";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { skipUnless } from "../support/skip-unless.js";
import { abstractAddress, loopback, unixAddress } from "../support/sockaddr.js";
import { isRoot } from "../support/target.js";
import { systemError } from "./system-error.js";

keepDescriptors();

describe("bind, listen, connect, accept4, getsockname, getpeername", () => {
  test("work over a Unix path", () => {
    const directory = mkdtempSync(join(tmpdir(), "sendmsg-"));
    try {
      const address = unixAddress(join(directory, "s"));
      const listener = own(socket(AF_UNIX, SOCK_STREAM));
      bind(listener, address);
      listen(listener, 4);
      const client = own(socket(AF_UNIX, SOCK_STREAM));
      connect(client, address);
      const accepted = accept4(listener);
      own(accepted.fd);
      expect(isCloseOnExec(accepted.fd)).toBe(true);
      expect(() => recvmsg(accepted.fd, Buffer.alloc(1))).toThrow(systemError("recvmsg", "EAGAIN", 11));
      expect(Buffer.from(accepted.address)).toEqual(unixAddress("").subarray(0, 2));
      expect(Buffer.from(getsockname(listener))).toEqual(address);
      expect(Buffer.from(getpeername(client))).toEqual(address);
      expect(Buffer.from(getsockname(client))).toEqual(unixAddress("").subarray(0, 2));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("work over IPv4, and accept4 returns the peer's address", () => {
    const listener = own(socket(AF_INET, SOCK_STREAM));
    bind(listener, loopback());
    listen(listener, 1);
    const client = own(socket(AF_INET, SOCK_STREAM));
    expect(() => connect(client, getsockname(listener))).toThrow(systemError("connect", "EINPROGRESS", 115));
    const { fd, address } = accept4(listener, { timeout: 10_000, blocking: true });
    own(fd);
    expect(getsockopt(client, SOL_SOCKET, SO_ERROR)).toBe(0);
    expect(address).toEqual(getsockname(client));
    expect(getpeername(client)).toEqual(getsockname(listener));
    sendmsg(client, "x");
    expect(recvmsg(fd, Buffer.alloc(1)).bytes).toBe(1);
  });

  test("take and return a path of 108 bytes, which has no room for a NUL", () => {
    const directory = mkdtempSync(join(tmpdir(), "s-"));
    try {
      const path = `${directory}/`.padEnd(108, "x");
      const fd = own(socket(AF_UNIX, SOCK_DGRAM));
      bind(fd, unixAddress(path).subarray(0, 110));
      // The kernel's copy has a NUL behind it: 111 bytes, more than sizeof(struct sockaddr_un).
      expect(Buffer.from(getsockname(fd)).toString("latin1", 2)).toBe(`${path}\0`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("throw the kernel's errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => connect(fd, abstractAddress("nobody"))).toThrow(systemError("connect", "ECONNREFUSED", 111));
    expect(() => bind(fd, loopback())).toThrow(systemError("bind", "EINVAL", 22));
    expect(() => accept4(fd)).toThrow(systemError("accept4", "EINVAL", 22));
    expect(() => getpeername(fd)).toThrow(systemError("getpeername", "ENOTCONN", 107));
    bind(fd, abstractAddress("taken"));
    const other = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => bind(other, abstractAddress("taken"))).toThrow(systemError("bind", "EADDRINUSE", 98));
    listen(fd, 1);
    expect(() => accept4(fd)).toThrow(systemError("accept4", "EAGAIN", 11));
    expect(() => accept4(fd, { timeout: 10 })).toThrow(systemError("accept4", "ETIMEDOUT", 110));
  });
});

describe("the mode and the owner of a bound socket's file", () => {
  function inDirectory(use: (path: string) => void): void {
    const directory = mkdtempSync(join(tmpdir(), "sendmsg-path-"));
    const mask = process.umask(0o022);
    try {
      use(join(directory, "socket"));
    } finally {
      process.umask(mask);
      rmSync(directory, { recursive: true });
    }
  }
  const mode = (path: string) => statSync(path).mode & 0o777;

  test("fchmod(2) sets the mode, less the umask, before bind(2), and has no effect after it", () => {
    inDirectory((path) => {
      const fd = own(socket(AF_UNIX, SOCK_STREAM));
      fchmodSync(fd, 0o660);
      bind(fd, unixAddress(path));
      expect(mode(path)).toBe(0o640);
      fchmodSync(fd, 0o600);
      expect(mode(path)).toBe(0o640);
      chmodSync(path, 0o600);
      expect(mode(path)).toBe(0o600);
    });
  });

  skipUnless("only root may give files away", isRoot)("fchown(2) before bind(2) has no effect", () => {
    inDirectory((path) => {
      const fd = own(socket(AF_UNIX, SOCK_STREAM));
      fchownSync(fd, 4711, 4711);
      bind(fd, unixAddress(path));
      expect(statSync(path).uid).toBe(process.geteuid!());
      chownSync(path, 4711, 4711);
      expect(statSync(path).uid).toBe(4711);
    });
  });
});
