import { release } from "node:os";

/** Where the tests run: "linux-x64", or what SENDMSG_TARGET says ("arm64-user": under qemu's user-mode emulation). */
export function target(): string {
  return process.env.SENDMSG_TARGET || `${process.platform}-${process.arch}`;
}

/** User-mode emulation translates control messages and options, and gets some wrong: those tests want a real kernel. */
export function isEmulated(): boolean {
  return target().endsWith("-user");
}

export const isRoot = process.getuid?.() === 0;

/** Whether the kernel is of this version or a later one. */
export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [a, b] = kernelVersion();
  return a > major || (a === major && b >= minor);
}

export function kernelVersion(): [major: number, minor: number] {
  const [major, minor] = release().split(".").map(Number.parseFloat);
  return [major!, minor!];
}
