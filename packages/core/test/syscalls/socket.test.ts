import { describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_UNIX,
  MSG_DONTWAIT,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { getsockopt, recvmsg, sendmsg, socket, socketpair } from "../../src/syscalls/index.js";
import { isCloseOnExec } from "../support/descriptor-state.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

describe("socket, socketpair", () => {
  test("make close-on-exec, non-blocking sockets", () => {
    for (const fd of [own(socket(AF_UNIX, SOCK_DGRAM)), ...pair(SOCK_STREAM)]) {
      expect(isCloseOnExec(fd)).toBe(true);
    }
    const [a] = pair(SOCK_STREAM);
    expect(() => recvmsg(a, Buffer.alloc(1))).toThrow(systemError("recvmsg", "EAGAIN", 11));
  });

  test("make sockets of the given type", () => {
    expect(getsockopt(own(socket(AF_INET, SOCK_DGRAM)), SOL_SOCKET, SO_TYPE)).toBe(SOCK_DGRAM);
    expect(getsockopt(pair(SOCK_SEQPACKET)[1], SOL_SOCKET, SO_TYPE)).toBe(SOCK_SEQPACKET);
  });

  test("make a blocking socket close-on-exec, too", () => {
    const [a, b] = pair(SOCK_STREAM, { blocking: true });
    expect([a, b].map(isCloseOnExec)).toEqual([true, true]);
    sendmsg(a, "x");
    expect(recvmsg(b, Buffer.alloc(4)).bytes).toBe(1);
    expect(() => recvmsg(b, Buffer.alloc(4), { flags: MSG_DONTWAIT })).toThrow(
      systemError("recvmsg", "EAGAIN", 11),
    );
  });

  test("throw the kernel's errors for bad numbers", () => {
    expect(() => socket(4711, SOCK_STREAM)).toThrow(systemError("socket", "EAFNOSUPPORT", 97));
    expect(() => socketpair(AF_INET, SOCK_STREAM)).toThrow(systemError("socketpair", "EOPNOTSUPP", 95));
  });
});
