import { release } from "node:os";

/** The machine on which the tests run: "linux-x64", or SENDMSG_TARGET ("arm64-user": qemu's user-mode emulation). */
export function target(): string {
  return process.env.SENDMSG_TARGET || `${process.platform}-${process.arch}`;
}

/** Whether user-mode emulation runs the tests. It translates control messages and options, and gets some of them wrong. */
export function isEmulated(): boolean {
  return target().endsWith("-user");
}

export const isRoot = process.getuid?.() === 0;

/** Whether the kernel has this version or a later one. */
export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [a, b] = kernelVersion();
  return a > major || (a === major && b >= minor);
}

export function kernelVersion(): [major: number, minor: number] {
  const [major, minor] = release().split(".").map(Number.parseFloat);
  return [major!, minor!];
}
