import { dirname } from "node:path";
import * as binary from "../../binary.cjs";
import { fs } from "../builtins.js";
import { debugLog, isDebugging } from "../debug-log.js";
import type { Addon, Binding } from "./binding.js";
import { readElf } from "./elf.js";
import { type NativeLoadAttempt, NativeLoadError } from "./load-error.js";

export { type NativeLoadAttempt, NativeLoadError } from "./load-error.js";

/** The targets for which a package with a binary is published. */
const TARGETS = ["linux-x64", "linux-ia32", "linux-arm64"] as const;

/** Why one place has no binary that we can use. */
interface Defect extends NativeLoadAttempt {
  reason: string;
  fix: string;
}

/** The binding that was loaded, and where it came from. */
export interface LoadedBinding {
  binding: Binding;
  /** The npm package that contains it. Undefined: it was built on this machine. */
  package?: string;
  /** The file. Undefined in a bundle, which chooses the place itself. */
  path?: string;
}

type Outcome = { loaded: LoadedBinding; defect?: undefined } | { loaded?: undefined; defect: Defect };

/** A bundle contains its binary or has none. It never looks elsewhere at run time. */
const isBundle = binary.directory === undefined;

let loaded: LoadedBinding | undefined;

/**
 * Returns the native layer. The first call loads it.
 *
 * @throws {NativeLoadError} (`ERR_SENDMSG_NATIVE_LOAD`) if no binary can run here.
 */
export function binding(): Binding {
  loaded ??= loadFor(binding);
  return loaded.binding;
}

/**
 * Makes this copy of the library's binding. The addon returns an object in V8's dictionary mode, in which V8 looks up each function
 * anew in every call. Copying it gives an ordinary object, which is faster. With NODE_DEBUG=sendmsg, the copy prints each system call.
 */
function opened(addon: unknown): Binding {
  const native = { ...(addon as Addon).open() };
  return isDebugging ? binary.tracing().traced(native, (line) => debugLog("%s", line)) : native;
}

/** Like {@link binding}, but also says where it came from. */
export function loadedBinding(): LoadedBinding {
  loaded ??= loadFor(loadedBinding);
  return loaded;
}

function loadFor(caller: () => unknown): LoadedBinding {
  try {
    return load();
  } catch (error) {
    // The stack of an error begins with the code that needs the binary. How we look for it helps nobody.
    Error.captureStackTrace?.(error as Error, caller);
    throw error;
  }
}

function load(): LoadedBinding {
  const target = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") {
    throw new NativeLoadError(
      target,
      [],
      `It is an interface to Linux's system calls, and this is ${process.platform}.`,
      "run it on Linux: on a Linux machine, in a container, in WSL 2 or in a virtual machine. " +
        "(sendmsg/control and sendmsg/address work everywhere.)",
    );
  }

  const prebuilt = fromPackage(target);
  if (prebuilt.loaded) return prebuilt.loaded;
  if (isBundle) {
    const { tried, error, reason, fix } = prebuilt.defect;
    throw new NativeLoadError(target, [{ tried, error }], reason, fix);
  }
  const local = fromLocalBuild(target);
  if (local.loaded) return local.loaded;

  // If a local build exists but is broken, report it, because its user needs to know. But if the package is there and broken too,
  // report the package.
  const { reason, fix } =
    local.defect.reason !== "" && isMissing(prebuilt.defect.error) ? local.defect : prebuilt.defect;
  const attempts = [prebuilt.defect, local.defect].map(({ tried, error }) => ({ tried, error }));
  throw new NativeLoadError(target, attempts, reason, fix);
}

function fromPackage(target: string): Outcome {
  const name = `@sendmsg/native-${target}`;
  const manifest = binary.manifest(target);
  if (!manifest) {
    return failed(
      name,
      notFound(`there is no such package; the architectures that have one are ${TARGETS.join(", ")}`),
      `No binary is published for ${target}.`,
      isBundle
        ? 'do not bundle sendmsg, but install it beside the bundle, and run "npx sendmsg build" there'
        : "compile one on this machine (Python 3, make and a C++ compiler are needed): npx sendmsg build",
    );
  }
  if (!manifest.value) {
    const error = toError(manifest.error);
    if (isBundle) return notInBundle(name, error);
    return isMissing(error)
      ? missing(target, name, error)
      : failed(
          name,
          error,
          `The package ${name} is damaged.`,
          'delete node_modules and run "npm install" again',
        );
  }

  const path = binary.prebuiltPath(target);
  const folder = path === undefined ? name : dirname(dirname(dirname(path)));
  const reinstall = folder.includes("node_modules")
    ? `delete ${folder} and run "npm install" again`
    : 'build it in the workspace: "npm run build"';

  const expected = binary.version();
  const found = manifest.value.version;
  if (found !== expected) {
    const reason = `${binary.directory} is version ${expected}, but ${folder} is version ${found}; they must be the same.`;
    return failed(
      folder,
      new Error(`version ${found} instead of ${expected}`),
      reason,
      `npm install sendmsg@${expected} ${name}@${expected}`,
    );
  }

  // In a bundle there is no such path, and the bundler has already checked the file.
  if (path !== undefined) {
    if (!fs().existsSync(path)) {
      return failed(
        path,
        notFound("no such file"),
        `The package ${name} is installed without its binary.`,
        reinstall,
      );
    }
    const defect = inspect(path, reinstall);
    if (defect) return { defect };
  }
  const { value, error } = binary.prebuilt(target)!;
  if (value === undefined && isBundle) return notInBundle(name, toError(error));
  if (value === undefined) return refused(path ?? name, toError(error), reinstall);
  return {
    loaded: { binding: opened(value), package: name, ...(path !== undefined && { path }) },
  };
}

function fromLocalBuild(target: string): Outcome {
  const path = binary.localPath();
  if (path === undefined) {
    return failed(`${binary.localDirectory}/build/Release`, notFound("no local build"), "", "");
  }
  const rebuild = "compile it again on this machine: npx sendmsg build";
  const defect = inspect(path, rebuild, `The local build is for another architecture than ${target}`);
  if (defect) return { defect };
  const { value, error } = binary.local();
  if (value === undefined) return refused(path, toError(error), rebuild);
  return { loaded: { binding: opened(value), path } };
}

/** The bundle has no binary. Reinstalling does not help: the bundle has to be made again. */
function notInBundle(name: string, error: Error): Outcome {
  const { code } = error as NodeJS.ErrnoException;
  // The file is there, but the process or the system does not permit it.
  if (code === "ERR_DLOPEN_DISABLED" || DENIED_FILE.test(error.message)) return refused(name, error, "");
  return failed(
    name,
    error,
    `The bundle that this program runs from has no usable binary of ${name}: the package was not installed where the ` +
      "bundle was made, or the .node file is missing or damaged.",
    `install ${name}@${binary.version()} where you bundle, bundle again, and keep the .node file beside the bundle: ` +
      'see "Bundlers" in docs/install.md',
  );
}

/** The package is not installed: it was left out, or this node_modules is from another machine. */
function missing(target: string, name: string, error: Error): Outcome {
  const others = TARGETS.filter((other) => other !== target && binary.prebuiltPath(other) !== undefined);
  if (others.length > 0) {
    return failed(
      name,
      error,
      `${name} is not installed, but ${others.map((other) => `@sendmsg/native-${other}`).join(" and ")} is: ` +
        "node_modules was installed for, or copied from, another architecture.",
      `npm install --include=optional --os=linux --cpu=${process.arch}`,
    );
  }
  return failed(
    name,
    error,
    `${name} is not installed: it is an optional dependency, and was left out (--omit=optional, --no-optional), or the ` +
      "lockfile was made on another platform and does not list it.",
    "npm install --include=optional",
  );
}

/** Finds defects that dlopen(3) would report badly, or that would kill the process. */
function inspect(path: string, fix: string, foreign?: string): Defect | undefined {
  const file = readElf(path);
  switch (file.kind) {
    case "not-elf":
      return {
        tried: path,
        error: new Error("not an ELF file"),
        reason: `${path} is not a binary: the file is damaged.`,
        fix,
      };
    case "truncated":
      return {
        tried: path,
        error: new Error(`the file ends at byte ${file.size} of ${file.expected}`),
        reason: `${path} is truncated: the file is damaged.`,
        fix,
      };
    case "elf":
      if (file.machine === process.arch) return undefined;
      return {
        tried: path,
        error: new Error(`an ELF file for ${file.machine} instead of ${process.arch}`),
        reason: `${foreign ?? "node_modules was copied from a machine of another architecture"}: ${path} is for ${file.machine}.`,
        fix: foreign ? fix : 'delete node_modules and run "npm install" on this machine',
      };
  }
}

/** The message of dlopen(3) for a file that may not be executed. */
const DENIED_FILE = /failed to map segment|Operation not permitted/;

/** dlopen(3) failed, although the file looks right. */
function refused(path: string, error: Error, reinstall: string): Outcome {
  if ((error as NodeJS.ErrnoException).code === "ERR_DLOPEN_DISABLED") {
    return failed(
      path,
      error,
      "This process may not load native addons.",
      "start it without --no-addons, and under Node's permission model with --allow-addons",
    );
  }
  if (DENIED_FILE.test(error.message)) {
    return failed(
      path,
      error,
      "The system does not let the file be executed.",
      `mount the file system that holds ${path} without noexec`,
    );
  }
  return failed(path, error, "The system's loader refused the file.", reinstall);
}

function failed(tried: string, error: Error, reason: string, fix: string): Outcome {
  return { defect: { tried, error, reason, fix } };
}

function notFound(message: string): Error {
  return Object.assign(new Error(message), { code: "MODULE_NOT_FOUND" });
}

function isMissing(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
