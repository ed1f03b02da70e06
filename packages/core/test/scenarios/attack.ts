import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SHUT_RDWR, SOCK_STREAM } from "../../src/constants/index.js";
import { bind, close, listen, shutdown, socket } from "../../src/syscalls/index.js";
import { evaluate } from "../module.js";
import { slow, thorough } from "../scale.js";
import { isRoot } from "../target.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { firstOf, nextLine, pathOf, type Running, type RunOptions, start, withOpenFiles } from "./program.js";

// A victim (programs/victim.mjs) serves an attacker (attacker.mjs) and an honest peer (honest.mjs) at the same time. Each is a
// process of its own, and where the tests run as root, the honest peer is another user's.

export type Type = "stream" | "seqpacket" | "dgram";

export interface Attack {
  /** The name of the attack in programs/attacker.mjs. What else it wants to know stands beside. */
  attack: string;
  /** How long it goes on, where it does not end by itself. */
  milliseconds?: number;
  connections?: number;
  [more: string]: unknown;
}

export interface Victim {
  /** RLIMIT_NOFILE. Default: the test's own. */
  limit?: number;
  type?: Type;
  maxFds?: number;
  /** What it does with the attacker's socket, see programs/victim.mjs. Default: it receives. */
  scene?: "receive" | "full" | "ask" | "accept";
  /** In the scene "full": how many more files it can open. */
  spare?: number;
  /**
   * Milliseconds after which it begins to read. Meanwhile the attacker closes its own copies of what it has sent: only then is it
   * the victim whose close(2) hangs.
   */
  busy?: number;
  /** Milliseconds in which it opens and closes 1,000 files. */
  opens?: number;
  /** What it waits for at the end: it comes once the attacker has gone, whose descriptors hang until then. */
  awaits?: "bytes" | "errors";
  /** It detaches received descriptors and adopts them before it closes them. */
  adopts?: boolean;
}

/** What the victim saw, what the others say that they have sent, and what the test saw from outside. */
export interface Seen {
  /** The event loop's largest delay, not counting that it had no processor for `starved` milliseconds. */
  largest: number;
  starved: number;
  /** The largest delay of an idle thread's event loop at the same time. */
  noise: number;
  /** Descriptors that wait to be closed when all is over. */
  closing: number;
  /** With how many descriptors of one user that wait to be closed the victim holds that user back. */
  ofUser: number;
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
  /** The most descriptors that the victim had open at any time, beyond those that it had at first. */
  held: number;
}

/** The honest peer's messages, and the milliseconds from one to the next. */
export const HONEST = slow ? 8 : thorough ? 160 : 64;
const INTERVAL = 6;
/** Users whom nobody else is: the kernel counts descriptors in flight for all of a user's processes. */
export const OTHER_USER = 64_322;
const HONEST_USER = 64_323;
/** Milliseconds that each may take longer than it should. Then the attacker is ended, which lets its victim go. */
const PATIENCE = slow ? 15_000 : 3000;

const python = firstOf("/usr/bin/python3") ?? "python3";
const library = fileURLToPath(new URL("../../dist", import.meta.url));

/** Whether another user's process can be had, and can read the library. */
export const canBeOther =
  isRoot &&
  spawnSync(process.execPath, evaluate(`(await import("node:fs")).readdirSync(${JSON.stringify(library)})`), {
    uid: OTHER_USER,
    gid: OTHER_USER,
    stdio: "ignore",
  }).status === 0;

/** RLIMIT_NOFILE's hard limit, which a shell can go up to. */
export function hardLimit(): number {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.POSITIVE_INFINITY : Number(stdout);
}

/** Why no FUSE file system can be mounted here; undefined if one can. */
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

/** A listening socket that several processes are to have. */
function listening(name: string): number {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  bind(fd, encodeAddress({ family: "unix", abstract: name }));
  listen(fd, 10);
  return fd;
}

/** How many descriptors a process has open. Since Linux 6.2 the folder's size says so. */
function openIn(pid: number): number {
  try {
    return statSync(`/proc/${pid}/fd`).size || readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Milliseconds for which the descriptors of an attacker hang at least that has nothing more to do. */
const LET_GO = 700;

let attempts = 0;

/** Runs an attack once. `uid`: the attacker's, for root to say. */
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
    // It ends a victim's wait in accept(2).
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
