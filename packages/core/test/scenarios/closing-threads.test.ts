import { expect } from "vitest";
import { isDeno } from "../../src/runtime.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";
import { report } from "./program.js";

/** The number of threads that close strangers' descriptors, and the number of them for one user. */
const THREADS = process.arch === "ia32" ? 16 : 64;
const OF_ONE_USER = THREADS / 2;
/** The descriptors of one message: more than there are threads for one user. */
const COUNT = 100;

interface Report {
  threads: number[];
  waiting: number;
  leftOver: string[];
}

onRealKernel("half of the threads close one user's hanging descriptors, at the same time", async () => {
  expect(await report<Report>("closing-threads.mjs", { args: [String(COUNT)] })).toEqual({
    threads: [OF_ONE_USER],
    waiting: COUNT,
    leftOver: [],
  });
});

const asSeveralUsers =
  isRoot && !isDeno ? onRealKernel : skipUnless("only root can be several users, and not in Deno", false);

asSeveralUsers("the other half closes another user's descriptors while the first user's hang", async () => {
  const args = [COUNT, 64_322, 64_323, 64_324].map(String);
  expect(await report<Report>("closing-threads.mjs", { args })).toEqual({
    threads: [OF_ONE_USER, THREADS, THREADS],
    waiting: 3 * COUNT,
    leftOver: [],
  });
});
