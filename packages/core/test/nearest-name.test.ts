import { describe, expect, test } from "vitest";
import { nearestName, spelledAs } from "../src/nearest-name.js";

const among = (given: string, ...names: string[]) => nearestName(given, spelledAs(names));

describe("the nearest name", () => {
  test.each([
    ["recieve", "receive"],
    ["recive", "receive"],
    ["maxFD", "maxFds"],
    ["max_fds", "maxFds"],
    ["MAX-FDS", "maxFds"],
    ["dta", "data"],
    ["datta", "data"],
    ["adta", "data"],
    ["fd", "fds"],
  ])("of %s is %s", (given, name) => {
    expect(among(given, "receive", "maxFds", "data", "fds", "flags")).toBe(name);
  });

  test.each(["", "x", "_", "nonsense", "\u{1f600}", "x".repeat(1e6)])("of %.20j is none", (given) => {
    expect(among(given, "receive", "maxFds", "data", "fds")).toBeUndefined();
  });

  test("an exact spelling wins, then one that differs in case and underscores, then the one with the fewest mistakes", () => {
    const spellings = [
      ["rcvBuff", "nearly"],
      ["RCV_BUF", "same"],
      ["rcvbuf", "exact"],
    ] as const;
    expect(nearestName("rcvbuf", spellings)).toBe("exact");
    expect(nearestName("rcvBuf", spellings)).toBe("same");
    expect(nearestName("rcvBufff", spellings)).toBe("nearly");
  });

  test("a name is not another name of which every letter is wrong", () => {
    expect(among("x", "y")).toBeUndefined();
    expect(among("ab", "c")).toBeUndefined();
  });
});
