import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SHUT_RDWR, SOCK_STREAM } from "../../src/constants/index.js";
import { bind, close, listen, shutdown, socket } from "../../src/syscalls/index.js";
import { evaluate } from "../support/evaluate.js";
import { slow, thorough } from "../support/scale.js";
import { isRoot } from "../support/target.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { firstOf, nextLine, pathOf, type Running, type RunOptions, start, withOpenFiles } from "./program.js";

// A victim (programs/victim.mjs) serves an attacker (attacker.mjs) and an honest peer (honest.mjs) at the same time. Each is a
// process of its own. If the tests run as root, the honest peer runs as another user.

export type Type = "stream" | "seqpacket" | "dgram";

export interface Attack {
  /** The name of the attack in programs/attacker.mjs. The other fields are its parameters. */
  attack: string;
  /** The milliseconds of an attack that does not end by itself. */
  milliseconds?: number;
  connections?: number;
  [more: string]: unknown;
}

export interface Victim {
  /** RLIMIT_NOFILE. Default: the test's own. */
  limit?: number;
  type?: Type;
  maxFds?: number;
  /** What the victim does with the attacker's socket: programs/victim.mjs. Default: it receives. */
  scene?: "receive" | "full" | "ask" | "accept";
  /** In the scene "full": how many more files the victim can open. */
  spare?: number;
  /**
   * Milliseconds after which the victim begins to read. Meanwhile the attacker closes its own copies of the sent descriptors.
   * Only then does the victim's close(2) hang.
   */
  busy?: number;
  /** Milliseconds in which it opens and closes 1,000 files. */
  opens?: number;
  /** The result for which the victim waits at the end. It comes once the attacker has gone, whose descriptors hang until then. */
  awaits?: "bytes" | "errors";
  /** The victim detaches received descriptors, and adopts them again before it closes them. */
  adopts?: boolean;
}

/** The victim's measurements, the reports of the other processes, and the test's own observations. */
export interface Seen {
  /** The event loop's largest delay, not counting that it had no processor for `starved` milliseconds. */
  largest: number;
  starved: number;
  /** The largest delay of an idle thread's event loop at the same time. */
  noise: number;
  /** The number of descriptors that still wait to be closed at the end. */
  closing: number;
  strangers: {
    messages: number;
    bytes: number;
    fds: number;
    dropped: number;
    truncated: number;
    connections: number;
    errors: string[];
  };
  honest: { received: number; descriptors: number; wrong: string[] };
  files: { opened: number; refused: number };
  sent: { messages: number; bytes: number; fds: number; refused: Record<string, number>; failure?: string };
  honestly: { sent: number; slowest: number; failure?: string };
  /** The most descriptors that the victim had open at any time, without those of its start. */
  held: number;
}

/** The number of the honest peer's messages, and the milliseconds between them. */
export const HONEST = slow ? 8 : thorough ? 160 : 64;
const INTERVAL = 6;
/** Users without other processes, because the kernel counts a user's descriptors in flight. */
export const OTHER_USER = 64_322;
const HONEST_USER = 64_323;
/** Extra milliseconds for each process. Then the attacker is ended, which lets the victim go on. */
const PATIENCE = slow ? 15_000 : 3000;

const python = firstOf("/usr/bin/python3") ?? "python3";
const library = fileURLToPath(new URL("../../dist", import.meta.url));

/** Whether the tests can start a process of another user, and that process can read the library. */
export const canBeOther =
  isRoot &&
  spawnSync(process.execPath, evaluate(`(await import("node:fs")).readdirSync(${JSON.stringify(library)})`), {
    uid: OTHER_USER,
    gid: OTHER_USER,
    stdio: "ignore",
  }).status === 0;

/** The hard limit of RLIMIT_NOFILE, up to which a shell can raise the limit. */
export function hardLimit(): number {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.POSITIVE_INFINITY : Number(stdout);
}

/** Why no FUSE file system can be mounted here. Undefined: one can. */
export function fuseMissing(): string | undefined {
  if (!isRoot) return "only root can mount without a helper";
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  const { status, stderr, error } = spawnSync(python, [pathOf("fuse.py"), directory("mounted"), "probe"], {
    encoding: "utf8",
    timeout: 10_000,
  });
  return status === 0 ? undefined : `FUSE cannot be mounted: ${error?.message ?? stderr.trim()}`;
}

/** A directory that every user may use. */
function directory(name: string): string {
  const path = join(temporaryDirectory(), name);
  chmodSync(temporaryDirectory(), 0o755);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return path;
}

/** A listening socket that several processes will share. */
function listening(name: string): number {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  bind(fd, encodeAddress({ family: "unix", abstract: name }));
  listen(fd, 10);
  return fd;
}

/** How many descriptors a process has open. Since Linux 6.2, this is the folder's size. */
function openIn(pid: number): number {
  try {
    return statSync(`/proc/${pid}/fd`).size || readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Milliseconds for which an attacker's descriptors hang at least after its last message. */
const LET_GO = 700;

let attempts = 0;

/** Runs an attack once. `uid`: the attacker's user, which only root can give. */
export async function attempt(
  attack: Attack,
  victim: Victim,
  { honestFds, uid }: { honestFds: number; uid: number | undefined },
): Promise<Seen> {
  const name = `sendmsg-hostile-${process.pid}-${attempts++}`;
  const shared = victim.scene === "accept" ? listening(name) : undefined;
  const running: Running[] = [];
  const begin = async (program: string, plan: object, options: RunOptions = {}) => {
    const one = start(program, {
      args: [JSON.stringify({ ...plan, name, patience: PATIENCE })],
      listens: true,
      ...(shared === undefined ? {} : { inherited: shared }),
      ...options,
    });
    running.push(one);
    const line = await nextLine(one);
    if (line !== "ready") throw new Error(`${program}: ${line}`);
    return one;
  };
  let sampling: NodeJS.Timeout | undefined;
  try {
    const through = victim.limit === undefined ? [] : withOpenFiles(victim.limit);
    const defender = await begin("victim.mjs", { ...victim, honestFds }, { through });
    const others = await Promise.all([
      begin(
        "attacker.mjs",
        { ...attack, type: victim.type, python, directory: directory("mounted") },
        { uid },
      ),
      begin(
        "honest.mjs",
        { directory: directory("honest"), messages: HONEST, fds: honestFds, interval: INTERVAL },
        { uid: canBeOther ? HONEST_USER : undefined },
      ),
    ]);
    const pid = defender.child.pid!;
    const atFirst = openIn(pid);
    if (atFirst === 0) throw new Error("How many descriptors the victim has open cannot be told");
    let most = atFirst;
    sampling = setInterval(() => {
      most = Math.max(most, openIn(pid));
    }, 5);
    const reported = nextLine(defender);
    reported.catch(() => {});
    const done = others.map(nextLine);
    for (const { child } of running) child.stdin!.write("begin");
    const [sent, honestly] = (await Promise.all(done)).map((line) => JSON.parse(line));
    defender.child.stdin!.end();
    await Promise.race([reported, pause(victim.awaits ? LET_GO : PATIENCE + 500)]);
    clearInterval(sampling);
    for (const { child } of others) child.stdin!.end();
    // The attacker's end lets a victim's accept(2) return.
    if (shared !== undefined) shutdown(shared, SHUT_RDWR);
    const report = await Promise.race([reported, pause(2 * PATIENCE)]);
    if (report === undefined) throw new Error("The victim does not answer although the attack is over");
    return { ...JSON.parse(report), sent, honestly, held: most - atFirst };
  } finally {
    clearInterval(sampling);
    if (shared !== undefined) close(shared);
    for (const { child } of running) child.stdin!.end();
    await Promise.race([Promise.all(running.map(({ outcome }) => outcome)), pause(PATIENCE)]);
    for (const { child } of running) if (child.exitCode === null) child.kill("SIGKILL");
  }
}
