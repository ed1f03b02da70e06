import { describe, expect, test } from "vitest";
import { AF_UNIX, SHUT_WR, SOCK_STREAM } from "../../src/constants/index.js";
import { close, dup, recvmsg, sendmsg, shutdown, socket } from "../../src/syscalls/index.js";
import { isCloseOnExec, isOpen, sameFile } from "../support/descriptor-state.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

/** A number that is free until the test ends: nothing else opens a descriptor during a synchronous test. */
function closedFd(): number {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  close(fd);
  return fd;
}

describe("shutdown, close, dup", () => {
  test("shutdown ends one direction", () => {
    const [a, b] = pair(SOCK_STREAM);
    shutdown(a, SHUT_WR);
    expect(recvmsg(b, Buffer.alloc(1))).toEqual({ bytes: 0, controlLength: 0, flags: 0 });
    expect(() => sendmsg(a, "x")).toThrow(systemError("sendmsg", "EPIPE", 32));
    sendmsg(b, "back");
    expect(recvmsg(a, Buffer.alloc(4)).bytes).toBe(4);
    expect(() => shutdown(a, 9)).toThrow(systemError("shutdown", "EINVAL", 22));
  });

  test("close closes a descriptor, and throws EBADF the second time", () => {
    const fd = socket(AF_UNIX, SOCK_STREAM);
    close(fd);
    expect(isOpen(fd)).toBe(false);
    expect(() => close(fd)).toThrow(systemError("close", "EBADF", 9));
  });

  test("dup makes another, close-on-exec descriptor of the same file", () => {
    const [a] = pair(SOCK_STREAM);
    const copy = own(dup(a));
    expect(copy).not.toBe(a);
    expect(sameFile(a, copy)).toBe(true);
    expect(isCloseOnExec(copy)).toBe(true);
    expect(() => dup(closedFd())).toThrow(systemError("fcntl", "EBADF", 9));
  });
});
