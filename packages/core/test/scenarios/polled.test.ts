import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { thorough } from "../support/scale.js";
import { skipUnless } from "../support/skip-unless.js";
import { target } from "../support/target.js";
import { report as reportOf } from "./program.js";

// libuv watches sockets that this process made. It aborts the process, or spins, if a watched number means another file than
// at first. Waiting by libuv must survive everything that waiting by our own epoll instance survives.

const CASES = {
  closed: "ERR_SENDMSG_CLOSED",
  reused: ["ERR_SENDMSG_CLOSED", "there"],
  lingering: ["ERR_SENDMSG_CLOSED", "there"],
  "closed first": "ERR_SENDMSG_CLOSED",
  unwanted: [true, "2"],
  refused: ["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED", "there"],
  sent: "ERR_SENDMSG_CLOSED",
};

const report = async (names: readonly string[], readiness: string, uid?: number): Promise<unknown> =>
  reportOf("polled.mjs", { args: [names.join()], env: { SENDMSG_READINESS: readiness }, uid });

// To start a process takes longer than a case. If time is short, one process runs all cases.
const groups = thorough ? Object.keys(CASES).map((name) => [name]) : [Object.keys(CASES)];

describe.each(thorough ? ["poll", "epoll", "thread"] : ["poll", "epoll"])("readiness by %s", (readiness) => {
  test.each(groups.map((names) => ({ names })))(
    "other sockets are served while one is full: $names",
    async ({ names }) => {
      expect(await report(names, readiness)).toEqual(
        Object.fromEntries(names.map((name) => [name, CASES[name as keyof typeof CASES]])),
      );
    },
  );
});

const withLibuv = skipUnless("Bun and Deno have no libuv", !isBun && !isDeno);

withLibuv("a wait rejects if its number has become a regular file's", async () => {
  expect(await report(["file"], "poll")).toEqual({ file: "EPERM" });
});

const WATCHES = "/proc/sys/fs/epoll/max_user_watches";
/** The user whose watches are used up. */
const NOBODY = 65_534;
const onOwnKernel = skipUnless(
  "needs a kernel of its own: it changes a limit that holds for the whole machine",
  target().endsWith("-kernel"),
);

describe.each(["poll", "epoll"])("a user without another watch, readiness by %s", (readiness) => {
  onOwnKernel("waits reject, and the process goes on", async () => {
    const before = readFileSync(WATCHES, "utf8");
    writeFileSync(WATCHES, "20000");
    try {
      expect(await report(["full"], readiness, NOBODY)).toEqual({ full: ["ENOSPC", "ENOSPC", 5] });
    } finally {
      writeFileSync(WATCHES, before);
    }
  });
});
