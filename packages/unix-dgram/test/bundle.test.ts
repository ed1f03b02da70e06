import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";

// Each program that requires the package starts later because of what it loads.
it("the bundle loads few of Node's modules, and contains no tables of options and control messages", () => {
  const bundle = readFileSync(createRequire(import.meta.url).resolve("@sendmsg/unix-dgram"), "utf8");
  const loaded = [...bundle.matchAll(/\brequire\('([^']+)'\)/g)].map(([, name]) => name);
  expect(loaded.sort()).toEqual([
    "node:async_hooks",
    "node:buffer",
    "node:events",
    "node:module",
    "node:path",
    "node:timers",
    "node:util/types",
    "sendmsg/binary.cjs",
  ]);
  expect(bundle.length).toBeLessThan(120_000);
  expect(bundle).not.toMatch(/tcpInfo|credentials/);
});
