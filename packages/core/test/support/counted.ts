import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { closeAll } from "./closing.js";
import { descriptorTable } from "./descriptor-table.js";

let warm: Promise<unknown> | undefined;

/** The first wait opens the event loop's own descriptors (epoll, eventfd), which stay open. */
function warmUp(): Promise<unknown> {
  warm ??= Promise.all(socketpair().map((socket) => socket.close()));
  return warm;
}

/** Waits until the closing threads have closed all their descriptors. */
export async function settled(): Promise<void> {
  while (binding().closing() > 0) await pause(1);
}

/** On Bun, a garbage collection closes sockets that earlier tests have left. It must happen now, and not while `body` runs. */
async function collectInBun(): Promise<void> {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } };
  if (!Bun) return;
  Bun.gc(true);
  await pause(1);
}

/** Runs `body`. Afterwards the process must have the same descriptors as before. */
export async function counted(body: () => unknown): Promise<void> {
  await warmUp();
  await collectInBun();
  await settled();
  const before = descriptorTable();
  const held = binding().held();
  await body();
  await settled();
  let table = descriptorTable();
  // A worker's own threads close the worker's descriptors. They outlive the worker, and this thread can't ask them.
  for (let patience = 500; patience > 0 && table.join() !== before.join(); patience--) {
    await pause(10);
    table = descriptorTable();
  }
  expect(table, "open descriptors").toEqual(before);
  expect(binding().held(), "descriptors in custody").toBe(held);
}

/** Runs `body`, closes the sockets that it opened, and counts descriptors. */
export function withSockets(body: () => unknown): Promise<void> {
  return counted(async () => {
    try {
      await body();
    } finally {
      await closeAll();
    }
  });
}
