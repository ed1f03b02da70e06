import { describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_UNIX,
  SO_PEERCRED,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { getsockopt, setsockopt, socket } from "../../src/syscalls/index.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

describe("getsockopt, setsockopt", () => {
  test("take numbers and booleans as ints", () => {
    const fd = own(socket(AF_INET, SOCK_STREAM));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, true);
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
  });

  test("take and return bytes", () => {
    const fd = own(socket(AF_INET, SOCK_STREAM));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(Int32Array.of(1).buffer));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, { length: 4 })).toEqual(
      new Uint8Array(Int32Array.of(1).buffer),
    );
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(0));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
    // The result has as many bytes as the kernel wrote, not as many as fitted.
    expect(getsockopt(fd, SOL_SOCKET, SO_TYPE, { length: 64 }).length).toBe(4);
    const [a] = pair(SOCK_STREAM);
    const ucred = getsockopt(a, SOL_SOCKET, SO_PEERCRED, { length: 12 });
    expect([...new Int32Array(ucred.slice().buffer)]).toEqual([
      process.pid,
      process.geteuid!(),
      process.getegid!(),
    ]);
  });

  test("throw the kernel's errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => getsockopt(fd, SOL_SOCKET, 9999)).toThrow(systemError("getsockopt", "ENOPROTOOPT", 92));
    expect(() => setsockopt(fd, SOL_SOCKET, 9999, 1)).toThrow(systemError("setsockopt", "ENOPROTOOPT", 92));
    expect(() => setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(3))).toThrow(
      systemError("setsockopt", "EINVAL", 22),
    );
  });
});
