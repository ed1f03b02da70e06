import { release } from "node:os";
import { expect, it } from "vitest";
import { explainAge, kernelIsOlderThan } from "../../src/kernel-version.js";

it.each([
  ["6.5", "6.4.99", true],
  ["6.5", "6.5.0", false],
  ["6.5", "6.10.0-rc1", false],
  ["6.16", "6.9.1-amd64", true],
  ["2.6.18", "2.6.9", true],
  ["2.6.18", "3.0", false],
  ["5.1", "5.1-rc1", false],
  ["4.20", "4.19.0-27-686", true],
])("with a feature since %s, the running kernel %s is older: %s", (since, running, older) => {
  expect(kernelIsOlderThan(since, running)).toBe(older);
});

it("the text names the version with the feature, and the running one", () => {
  expect(explainAge("SO_X", "6.5", "5.10.0-9-amd64")).toBe(
    "Linux has SO_X since 6.5, and this is 5.10.0-9-amd64",
  );
  expect(explainAge("SO_X", "6.5", "6.5.0")).toBeUndefined();
  expect(explainAge("SO_X", "2.0")).toBeUndefined();
  expect(kernelIsOlderThan("999.0", release())).toBe(true);
});
