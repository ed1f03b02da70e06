import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { slow } from "../support/scale.js";

/** How long a program may take. No program needs a fifth of it. */
export const LIMIT = slow ? 300_000 : 100_000;

export interface RunOptions {
  args?: readonly string[];
  /** Node's own options. */
  nodeOptions?: readonly string[];
  /** A command that runs the rest of the command line: `["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]`. */
  through?: readonly string[];
  env?: Record<string, string>;
  /** The program's descriptor 3. */
  inherited?: number;
  /** The program that runs it. Default: this Node. */
  interpreter?: string;
  /** The user of the process. Only root can give one. */
  uid?: number | undefined;
  /** Opens stdin, to which the test writes and which the test ends. */
  listens?: boolean;
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  pid: number;
  /** Milliseconds from the program's last line on stdout to its end. */
  endedAfter: number;
}

/** The path of a program in scenarios/programs. */
export function pathOf(program: string): string {
  return fileURLToPath(new URL(`programs/${program}`, import.meta.url));
}

export interface Running {
  child: ChildProcess;
  outcome: Promise<Outcome>;
}

/** Starts one of scenarios/programs. `outcome` settles when it ends. If it takes too long, it is killed. */
export function start(program: string, options: RunOptions = {}): Running {
  const {
    args = [],
    nodeOptions = [],
    through = [],
    env = {},
    inherited,
    interpreter,
    uid,
    listens,
  } = options;
  const command = [
    ...through,
    interpreter ?? process.execPath,
    ...(interpreter === undefined ? nodeOptions : []),
    pathOf(program),
    ...args,
  ];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: [listens ? "pipe" : "ignore", "pipe", "pipe", inherited ?? "ignore"],
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const said = { stdout: "", stderr: "" };
  let lastSaid = performance.now();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]!.setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
      if (stream === "stdout") lastSaid = performance.now();
    });
  }
  const killer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    let endedAfter = 0;
    child.once("error", reject);
    child.once("exit", () => {
      endedAfter = performance.now() - lastSaid;
    });
    child.once("close", (code, signal) => {
      clearTimeout(killer);
      resolve({ ...said, code, signal, pid: child.pid!, endedAfter });
    });
  });
  outcome.catch(() => {});
  return { child, outcome };
}

/** The first line that the program prints from now on. Rejects if the program ends without one. */
export async function nextLine({ child, outcome }: Running): Promise<string> {
  const stdout = child.stdout!;
  let text = "";
  let take: (chunk: string) => void = () => {};
  const line = new Promise<string>((resolve) => {
    take = (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    };
    stdout.on("data", take);
  });
  const ended = outcome.then(({ code, signal, stderr }) => {
    if (text.includes("\n")) return text;
    throw new Error(`${child.spawnargs.join(" ")} ended (${code ?? signal}): ${stderr}`);
  });
  return Promise.race([line, ended]).finally(() => stdout.off("data", take));
}

/** Runs a program to its end. */
export function run(program: string, options: RunOptions = {}): Promise<Outcome> {
  return start(program, options).outcome;
}

/** The program's report, which is its last line, as JSON. The program must have ended well. */
export function reportOf<T = Record<string, unknown>>(outcome: Outcome): T {
  expect(outcome, outcome.stderr).toMatchObject({ code: 0, signal: null });
  const last = outcome.stdout.trimEnd().split("\n").at(-1)!;
  return JSON.parse(last) as T;
}

/** Runs a program, and returns its report. */
export async function report<T = Record<string, unknown>>(program: string, options?: RunOptions): Promise<T> {
  return reportOf<T>(await run(program, options));
}

/** A command that runs a program with `ulimit -n`. */
export const withOpenFiles = (count: number): string[] => ["sh", "-c", `ulimit -n ${count}; exec "$@"`, "sh"];

/** The first of these paths that exists. */
export const firstOf = (...paths: string[]): string | undefined => paths.find((path) => existsSync(path));
