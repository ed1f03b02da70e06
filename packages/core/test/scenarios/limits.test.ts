import { describe, expect, test } from "vitest";
import { isDeno } from "../../src/runtime.js";
import { TYPES } from "../support/pairs.js";
import { slow } from "../support/scale.js";
import { onRealKernel, withNoDescriptorLeft } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

/** More descriptors than a Node process opens, and fewer than any system allows. */
const OPEN_FILES = 100;
const through = withOpenFiles(OPEN_FILES);
/** A user without other processes, because the kernel counts a user's descriptors in flight. */
const UID = 64_321;
/** A loop that spins uses more milliseconds of processor time. */
const NO_SPIN = slow ? 2000 : 150;

const limits = (...args: string[]) => report("limits.mjs", { args, through });

describe.each(TYPES)("%s", (type) => {
  const receiving = isDeno ? withNoDescriptorLeft : onRealKernel;

  receiving("a receive that reaches RLIMIT_NOFILE keeps the data, and reports the loss", async () => {
    expect(await limits("receive", type, "10")).toEqual({
      data: "kept",
      fds: 10,
      droppedFds: 0,
      controlTruncated: true,
      recovered: ["next", 30, false],
      leftOver: [],
    });
  });

  receiving("a receive without any descriptor left keeps the data, and reports the loss", async () => {
    expect(await limits("receive", type, "0")).toMatchObject({
      data: "kept",
      fds: 0,
      controlTruncated: true,
      recovered: ["next", 30, false],
      leftOver: [],
    });
  });

  receiving("a waiting receive that reaches RLIMIT_NOFILE keeps the data, and reports the loss", async () => {
    expect(await limits("waiting", type)).toEqual({ arrived: ["kept", 3, true], leftOver: [] });
  });

  withNoDescriptorLeft(
    "a waiting send that can't duplicate its descriptors rejects with EMFILE, and sends nothing",
    async () => {
      expect(await limits("duplicate", type)).toEqual({
        refused: "EMFILE fcntl 0",
        arrived: ["later", 2],
        leftOver: [],
      });
    },
  );
});

withNoDescriptorLeft("accept() waits for a free descriptor without spinning", async () => {
  const { cpu, ...found } = await limits("accept");
  expect(found).toEqual({ data: "hello", leftOver: [] });
  expect(cpu).toBeLessThan(NO_SPIN);
});

withNoDescriptorLeft("making a socket without a free descriptor fails with EMFILE", async () => {
  expect(await limits("make")).toEqual({
    codes: ["EMFILE socketpair ", "EMFILE socket ", "EMFILE socket ", "EMFILE socket "],
    leftOver: [],
  });
});

test("a send of too many descriptors in flight rejects with ETOOMANYREFS, and does not spin", async () => {
  const found = await report<{ sent: number; cpu: number }>("too-many-references.mjs", {
    args: [String(UID)],
    through,
  });
  const { sent, cpu, ...rest } = found;
  expect(rest).toEqual({
    error: { code: "ETOOMANYREFS", errno: -109, syscall: "sendmsg", bytesSent: 0 },
    codes: ["ETOOMANYREFS"],
    recovered: ["again", 20],
    leftOver: [],
  });
  expect(sent).toBeGreaterThan(0);
  expect(cpu).toBeLessThan(NO_SPIN);
});
