import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let directory: string | undefined;

/** A directory that is removed when the file's tests have ended. */
export function temporaryDirectory(): string {
  directory ??= mkdtempSync(join(tmpdir(), "sendmsg-"));
  return directory;
}

export function removeTemporaryDirectory(): void {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  directory = undefined;
}
