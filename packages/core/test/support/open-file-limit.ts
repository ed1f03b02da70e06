import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { settled } from "./counted.js";
import { onRealKernel, skipUnless } from "./skip-unless.js";
import { pass } from "./waiting.js";

const PRLIMIT = "/usr/bin/prlimit";

/** A `test` that calls {@link withOpenFileLimit}. */
export const changingLimit = existsSync(PRLIMIT)
  ? onRealKernel
  : skipUnless(`${PRLIMIT} is missing, which changes the limit of open files`, false);

/** RLIMIT_NOFILE, the soft limit: proc_pid_limits(5). */
const limit = (): string => /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))![1]!;

async function change(to: string): Promise<void> {
  execFileSync(PRLIMIT, ["--pid", `${process.pid}`, `--nofile=${to}:`]);
  // The library counts the open files at most once a millisecond: native/src/open-file-budget.cc.
  await pass(5);
}

/** Runs `body` while the process may open no more than `count` files. In the end, nothing may take long to close. */
export async function withOpenFileLimit(count: number, body: () => unknown): Promise<void> {
  const before = limit();
  await change(`${count}`);
  try {
    await body();
  } finally {
    // The new process has a copy of each descriptor until it is prlimit. If it had the last one of a descriptor that takes long to
    // close, it would hang.
    await settled();
    await change(before);
  }
}
