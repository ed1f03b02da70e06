import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import * as binary from "../../binary.cjs";
import { errnoName } from "../errno.js";
import { CALLS, PATH_SOCKETCALL } from "../native/binding.js";
import { type LoadedBinding, loadedBinding } from "../native/load.js";
import { NativeLoadError, runtimeName } from "../native/load-error.js";
import { type Feature, kernelFeatures } from "./features.js";
import { type Libc, libc } from "./libc.js";

/** The file with the native part. */
interface NativeFile {
  /** The npm package that contains it. Absent if it was built on this machine. */
  package?: string;
  /** Absent in a bundle. */
  path?: string;
  /** The file's SHA-256, in hexadecimal. */
  sha256?: string;
  /** Whether this is the file that was published with this version. Absent if unknown. */
  published?: boolean;
}

interface SystemCalls {
  /**
   * `direct`: by their own numbers. `socketcall`: through ia32's socketcall(2). `mixed`: some directly, some through socketcall(2).
   */
  path: "direct" | "socketcall" | "mixed";
  /** The system calls that a sandbox denies, and the errno that it returns. */
  denied: { call: string; code: string }[];
}

/** What `sendmsg doctor --json` prints. */
export interface Diagnosis {
  ok: boolean;
  version: string;
  /** Operating system and architecture: "linux-x64". */
  target: string;
  runtime: string;
  /** The version of Node-API that the runtime has. */
  napi?: string;
  libc: Libc;
  kernel: string;
  native?: NativeFile;
  systemCalls?: SystemCalls;
  features?: Feature[];
  /** Why the native part can't be loaded. */
  problem?: { message: string; looked: { for: string; error: string }[]; fix: string };
}

/** Examines this machine and this installation. Never throws. */
export function diagnose(): Diagnosis {
  const { napi } = process.versions as { napi?: string };
  const facts = {
    version: binary.version(),
    target: `${process.platform}-${process.arch}`,
    runtime: runtimeName(),
    ...(napi !== undefined && { napi }),
    libc: libc(),
    kernel: release(),
  };
  let loaded: LoadedBinding;
  try {
    loaded = loadedBinding();
  } catch (error) {
    return { ok: false, ...facts, problem: problemOf(error as Error) };
  }
  return {
    ok: true,
    ...facts,
    native: fileOf(loaded),
    systemCalls: callsOf(loaded),
    features: kernelFeatures(),
  };
}

function problemOf(error: Error): NonNullable<Diagnosis["problem"]> {
  if (!(error instanceof NativeLoadError)) {
    return {
      message: error.message,
      looked: [],
      fix: "report this as a bug, with everything that is printed here",
    };
  }
  return {
    message: error.reason,
    looked: error.attempts.map((attempt) => ({
      for: attempt.tried,
      error: attempt.error.message.split("\n", 1)[0]!,
    })),
    fix: error.fix,
  };
}

function fileOf({ package: name, path }: LoadedBinding): NativeFile {
  const file: NativeFile = { ...(name !== undefined && { package: name }) };
  if (path === undefined) return file;
  file.path = path;
  file.sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  const published = name !== undefined ? binary.published()?.[name] : undefined;
  if (published !== undefined) file.published = published === file.sha256;
  return file;
}

function callsOf({ binding }: LoadedBinding): SystemCalls {
  const paths = CALLS.map((call, i) => ({ call, path: binding.pathOf(i) }));
  const open = paths.filter(({ path }) => path >= 0);
  const multiplexed = open.filter(({ path }) => path === PATH_SOCKETCALL).length;
  return {
    path: multiplexed === 0 ? "direct" : multiplexed === open.length ? "socketcall" : "mixed",
    denied: paths.filter(({ path }) => path < 0).map(({ call, path }) => ({ call, code: errnoName(-path) })),
  };
}

/** The diagnosis as text for people. */
export function describe(diagnosis: Diagnosis): string {
  const { version, target, runtime, napi, libc, kernel, native, systemCalls, features, problem } = diagnosis;
  const lines = [
    `sendmsg ${version} on ${target}`,
    `runtime       ${runtime}${napi ? `, Node-API ${napi}` : ""}`,
    `libc          ${libc.name}${libc.version ? ` ${libc.version}` : ""}`,
    `kernel        ${kernel}`,
  ];
  if (native) {
    const { package: name, path, sha256, published } = native;
    lines.push(`native part   ${name ?? "built on this machine"}`);
    lines.push(`              ${path ?? "inside a bundle"}`);
    if (sha256) {
      const remark =
        published === undefined ? "" : published ? " (as published)" : " (NOT the file that was published)";
      lines.push(`              sha256 ${sha256}${remark}`);
    }
  }
  if (systemCalls) {
    const { path, denied } = systemCalls;
    lines.push(`system calls  ${path}${denied.length > 0 ? ", and a sandbox denies some:" : ""}`);
    for (const { call, code } of denied) lines.push(`              ${call}: ${code}`);
  }
  if (features) {
    lines.push("", "This kernel has:");
    for (const feature of features) lines.push(describeFeature(feature));
  }
  if (problem) {
    lines.push("", "The native part does not load.", problem.message);
    for (const { for: tried, error } of problem.looked) lines.push(`  - ${tried}: ${error}`);
    lines.push(`To fix it: ${problem.fix}`);
  }
  return lines.join("\n");
}

function describeFeature({ name, what, since, present, reason }: Feature): string {
  const why = present ? "" : ` (${reason}; since Linux ${since})`;
  return `  ${present ? "yes" : "no "}  ${name.padEnd(20)} ${what}${why}`;
}
