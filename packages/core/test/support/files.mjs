// node:fs for descriptors that anybody has opened. Deno's node:fs knows only its own descriptors, and would close one again when
// it gets the number anew. So on Deno, these functions call the C library. The programs in scenarios/ import this file, too.
import * as fs from "node:fs";

// include/uapi/asm-generic/fcntl.h
const FLAGS = { r: 0, w: 0o1101, "r+": 2, a: 0o2101 };
const O_CLOEXEC = 0o2000000;
const EBADF = 9;

export const { closeSync, fchmodSync, fchownSync, fstatSync, openSync, readSync, writeSync } =
  "Deno" in globalThis ? await callingC() : fs;

async function callingC() {
  const buffer = ["i32", "buffer", "usize"];
  const { symbols: c } = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    read: { parameters: buffer, result: "isize" },
    pread: { parameters: [...buffer, "isize"], result: "isize" },
    write: { parameters: buffer, result: "isize" },
    fchown: { parameters: ["i32", "i32", "i32"], result: "i32" },
    fchmod: { parameters: ["i32", "i32"], result: "i32" },
  });
  const done = (result, syscall) => {
    if (Number(result) >= 0) return Number(result);
    throw Object.assign(new Error(`${syscall} failed`), { syscall });
  };
  return {
    openSync: (path, flags = "r") => {
      const name = path instanceof URL ? path.pathname : path;
      return done(c.open(Buffer.from(`${name}\0`), FLAGS[flags] | O_CLOEXEC, 0o666), "open");
    },
    closeSync: (fd) => void done(c.close(fd), "close"),
    readSync: (fd, bytes, offset = 0, length = bytes.byteLength - offset, position = null) => {
      const into = bytes.subarray(offset, offset + length);
      const [at, size] = [position, BigInt(into.byteLength)];
      return done(at === null ? c.read(fd, into, size) : c.pread(fd, into, size, BigInt(at)), "read");
    },
    writeSync: (fd, data) => {
      const bytes = Buffer.from(data);
      return done(c.write(fd, bytes, BigInt(bytes.length)), "write");
    },
    fchmodSync: (fd, mode) => void done(c.fchmod(fd, mode), "fchmod"),
    fchownSync: (fd, uid, gid) => void done(c.fchown(fd, uid, gid), "fchown"),
    fstatSync: (fd) => {
      const stats = fs.statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false });
      if (stats === undefined) {
        throw Object.assign(new Error("EBADF: bad file descriptor, fstat"), {
          code: "EBADF",
          errno: -EBADF,
          syscall: "fstat",
        });
      }
      return stats;
    },
  };
}
