import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { descriptorTable } from "./descriptor-table.js";

let warm: Promise<unknown> | undefined;

/** The event loop's own descriptors (epoll, eventfd) come with the first wait and stay. */
function warmUp(): Promise<unknown> {
  warm ??= Promise.all(socketpair().map((socket) => socket.close()));
  return warm;
}

/** Waits until everything that was given to the closing threads is closed. */
export async function settled(): Promise<void> {
  while (binding().closing() > 0) await pause(1);
}

/** On Bun, a collection closes sockets that earlier tests have left: it must come now, and not while `body` runs. */
async function collectInBun(): Promise<void> {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } };
  if (!Bun) return;
  Bun.gc(true);
  await pause(1);
}

/** Runs `body`, after which the process must have the very descriptors that it had before. */
export async function counted(body: () => unknown): Promise<void> {
  await warmUp();
  await collectInBun();
  await settled();
  const before = descriptorTable();
  const held = binding().held();
  await body();
  await settled();
  let table = descriptorTable();
  // What a worker held is closed by threads of its own, which outlive it and are nobody's here to ask.
  for (let patience = 500; patience > 0 && table.join() !== before.join(); patience--) {
    await pause(10);
    table = descriptorTable();
  }
  expect(table, "open descriptors").toEqual(before);
  expect(binding().held(), "descriptors in custody").toBe(held);
}
