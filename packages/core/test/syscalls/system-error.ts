import { expect } from "vitest";

/** Matches the error of a system call that failed. */
export const systemError = (syscall: string, code: string, errno: number) =>
  expect.objectContaining({ name: "Error", message: `${syscall} ${code}`, code, errno: -errno, syscall });
