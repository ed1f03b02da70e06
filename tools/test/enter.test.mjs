// Runs a command with tools/roots/enter.sh, and ends the process that started it. The root file system has only a shell and sleep.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isRoot } from "../debian.mjs";
import { attempt, run } from "../run.mjs";
import { script } from "../targets.mjs";

const unable = isRoot()
  ? attempt("unshare", ["--mount", "--pid", "--fork", "true"]).failure
  : "only root may mount";
if (unable) console.info(`skipped: ${unable}`);

const folder = mkdtempSync(join(tmpdir(), "sendmsg-enter-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (...names) => names.map((name) => join(folder, name));
const [root, repository, dependencies, results] = inFolder("root", "repository", "dependencies", "results");

beforeAll(() => {
  for (const path of [repository, dependencies, results]) mkdirSync(path);
  for (const name of ["proc", "sys", "dev", "tmp", "run", "root", "var/tmp", "repository", "results"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  for (const program of ["/bin/sh", "/bin/sleep"]) {
    const libraries = [...run("ldd", [program]).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
    for (const path of [program, ...libraries]) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      cpSync(path, join(root, path), { dereference: true });
    }
  }
});

/** Runs the command as tools/test-in-root.mjs does: Node waits in spawnSync. */
const STARTER = `
const [script, ...args] = process.argv.slice(1);
require("node:child_process").spawnSync(script, args, { stdio: "inherit" });
`;
/** As with the real tests, the shell is process 1 of its namespace, and starts the next program when one has ended. */
const COMMAND = "echo running; while true; do sleep 1000; done";

/** Within this, the kernel has ended all processes, also on a busy machine. */
const LIMIT = 30_000;

/** Starts the command in a process group of its own. Resolves when it runs. */
async function started() {
  const args = [script("enter.sh"), root, repository, dependencies, results, "sh", "-c", COMMAND];
  const child = spawn(process.execPath, ["-e", STARTER, "--", ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) if (text === "running\n") break;
  return child;
}

/** The processes that have this root, as this machine numbers them. */
const left = () =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/root`) === root;
    } catch {
      return false; // It has ended meanwhile.
    }
  });

test.skipIf(unable).each([
  ["SIGTERM to the process group, as tools/ci.mjs does it", -1, "SIGTERM"],
  ["SIGINT to the process group, as a terminal does it", -1, "SIGINT"],
  ["SIGTERM to the process that started it", 1, "SIGTERM"],
  ["SIGKILL to the process that started it", 1, "SIGKILL"],
])(
  "%s ends the processes in the root",
  async (_name, sign, signal) => {
    const child = await started();
    expect(left()).not.toEqual([]);
    process.kill(sign * child.pid, signal);
    while (left().length > 0) await delay(10);
  },
  LIMIT,
);
