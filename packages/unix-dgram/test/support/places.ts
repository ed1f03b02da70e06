import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A path for a socket, in a folder that exists until the test ends. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "unix-dgram-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "s");
}
