import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { freshPath } from "./places.js";

/** The built package. */
export const dist = fileURLToPath(new URL("../../dist/index.cjs", import.meta.url));

/**
 * Runs a program that has the built package as `required`, and a path for a socket as `path`. Returns its exit status and what it
 * printed. `onReady` is called when the program prints "ready".
 */
export async function program(
  body: string,
  onReady = (_path: string): void => {},
): Promise<{ status: number | null; printed: string }> {
  const path = freshPath();
  const file = `${path}.cjs`;
  const given = `const required = require(${JSON.stringify(dist)}); const path = ${JSON.stringify(path)};`;
  writeFileSync(file, `${given}\n${body}`);
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.on("data", (chunk) => {
    if (`${chunk}`.includes("ready\n")) onReady(path);
  });
  const [printed, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { status, printed };
}
