import { readSync } from "./files.mjs";

/** The first bytes of a descriptor's file, as text. */
export function content(fd: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
}
