import { describe, expect } from "vitest";
import { TYPES } from "../support/pairs.js";
import { onRealKernel } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

// Near RLIMIT_NOFILE, the kernel closes descriptors that do not fit, inside recvmsg(2). The sender decides how long that takes.
// So a thread receives, and everything else must be as usual.

/** Too few for a message's 253 descriptors and as many for the program. Enough for this test. */
const through = withOpenFiles(300);

interface Report {
  found: unknown;
  offLoop: number;
  leftOver: string[];
}

/** The report of each type. One process makes all of it. */
const running = new Map<string, Promise<Record<string, Report>>>();

async function reportOn(name: string, type: string): Promise<Report> {
  const all =
    running.get(type) ?? report<Record<string, Report>>("near-limit.mjs", { args: [type], through });
  running.set(type, all);
  return (await all)[name]!;
}

async function receives(name: string, type: string): Promise<unknown> {
  const { found, offLoop, leftOver } = await reportOn(name, type);
  expect(offLoop, "receives by a thread").toBeGreaterThan(0);
  expect(leftOver).toEqual([]);
  return found;
}

describe.each(TYPES)("near the limit of open files: %s", (type) => {
  const isStream = type === "stream";

  onRealKernel("messages come in order, with their descriptors", async () => {
    expect(await receives("order", type)).toBe("in order");
  });

  onRealKernel("waiting receives are served one after the other", async () => {
    const message = (data: string) => [data, 1, 0, false];
    expect(await receives("waiting", type)).toEqual(["1", "2", "3"].map(message));
  });

  onRealKernel("the caller's buffers are filled", async () => {
    expect(await receives("buffers", type)).toEqual([["abcdef", 2, 0, false], "ab|cdef...."]);
  });

  onRealKernel("a peek consumes nothing", async () => {
    const seen = ["seen", 2, 0, false];
    expect(await receives("peek", type)).toEqual([seen, seen]);
  });

  onRealKernel("an aborted receive consumes nothing", async () => {
    expect(await receives("aborted", type)).toEqual(["ABORT_ERR", ["kept", 2, 0, false]]);
  });

  onRealKernel("the next receive after an aborted one may have a smaller maxFds", async () => {
    expect(await receives("less", type)).toEqual(
      isStream
        ? [
            ["k", 1, 1, false],
            ["ept", 0, 0, false],
          ]
        : [["k", 1, 1, true]],
    );
  });

  onRealKernel("the next receive after an aborted one may have a larger maxFds", async () => {
    expect(await receives("more", type)).toEqual([["kept", 2, 0, false]]);
  });

  onRealKernel("a peek for which there are no descriptors consumes nothing", async () => {
    expect(await receives("peekInVain", type)).toEqual(["EMFILE", ["kept", 2, 0, false]]);
  });

  onRealKernel("tryRecvmsg() returns the message once a thread has received it", async () => {
    expect(await receives("polling", type)).toEqual([["polled", 1, 0, false]]);
  });

  onRealKernel("a socket that closes during the thread's receive loses no descriptor", async () => {
    expect(await receives("closed", type)).toEqual(["ERR_SENDMSG_CLOSED"]);
  });

  onRealKernel("a socket can't be detached during the thread's receive", async () => {
    expect(await receives("detached", type)).toEqual(["ERR_INVALID_STATE", ["here", 1, 0, false]]);
  });
});

describe.each(["stream", "dgram"])("near the limit of open files: %s", (type) => {
  onRealKernel("a message without control data is received at once", async () => {
    const { found, offLoop } = await reportOn("bytes", type);
    expect(found).toEqual([["bytes", 0, 0, false], 0]);
    expect(offLoop).toBe(0);
  });
});

describe.each(["stream", "seqpacket"])("near the limit of open files: %s", (type) => {
  onRealKernel("a reset connection is not taken for the end", async () => {
    expect((await reportOn("reset", type)).found).toBe("ECONNRESET");
  });
});
