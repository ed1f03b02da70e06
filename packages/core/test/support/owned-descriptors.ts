import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { descriptorTable } from "./descriptor-table.js";
import { closeSync, openSync } from "./files.mjs";

let owned: number[] = [];

/** Makes the test the owner of descriptors, which it closes when it ends. */
export function own<T extends number | readonly number[]>(fds: T): T {
  owned = owned.concat(fds);
  return fds;
}

/** Closes a descriptor that the test owns before its end. */
export function closeNow(fd: number): void {
  owned = owned.filter((other) => other !== fd);
  closeSync(fd);
}

/** Called once in a file. Each test of the file must end with the same descriptors with which it began. */
export function keepDescriptors(): void {
  let before: string[];
  beforeEach(() => {
    owned = [];
    before = descriptorTable();
  });
  afterEach(() => {
    for (const fd of owned) closeSync(fd);
    expect(descriptorTable(), "open descriptors after the test").toEqual(before);
  });
}

/** Opens a file with this content, and unlinks it. The test owns the descriptor. */
export function openFile(content: string): number {
  const directory = mkdtempSync(join(tmpdir(), "sendmsg-file-"));
  const path = join(directory, "file");
  writeFileSync(path, content);
  const fd = own(openSync(path, "r"));
  rmSync(directory, { recursive: true });
  return fd;
}
