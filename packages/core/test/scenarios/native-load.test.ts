import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runtimeName } from "../../src/native/load-error.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { compileTo } from "../support/compiled.js";
import { evaluate } from "../support/evaluate.js";
import { skipUnless } from "../support/skip-unless.js";

const TARGET = `linux-${process.arch}`;
const NAME = `@sendmsg/native-${TARGET}`;
const FOREIGN = process.arch === "arm64" ? "x64" : "arm64";
const { version: VERSION } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };
const RUNTIME = runtimeName();

const require = createRequire(import.meta.url);
const packages = fileURLToPath(new URL("../../..", import.meta.url));

/** Makes a project with sendmsg installed, as npm lays it out, outside of this checkout. */
let root: string;
let core: string;
let native: string;
let file: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "sendmsg-load-")));
  core = join(root, "node_modules/sendmsg");
  native = join(root, "node_modules", NAME);
  file = join(native, "prebuilds", TARGET, "sendmsg.node");
  await compileTo(core);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(() => {
  rmSync(join(root, "node_modules/@sendmsg"), { recursive: true, force: true });
  rmSync(join(core, "native"), { recursive: true, force: true });
  install(process.arch);
});

function install(arch: string): void {
  const from = join(packages, `native-linux-${arch}`);
  const to = join(root, "node_modules/@sendmsg", `native-linux-${arch}`);
  mkdirSync(to, { recursive: true });
  for (const name of ["package.json", "index.js"]) cpSync(join(from, name), join(to, name));
  const prebuilds = join(from, "prebuilds");
  if (existsSync(prebuilds)) cpSync(prebuilds, join(to, "prebuilds"), { recursive: true });
}

interface Outcome {
  loaded?: string;
  error?: {
    name: string;
    code: string;
    target: string;
    fix: string;
    message: string;
    attempts: { tried: string; error: string; code?: string }[];
    cause?: string;
  };
}

/** A program that loads the binary and prints the result. */
const PRINT = `
    let outcome;
    try {
      const pair = binding();
      outcome = { loaded: typeof pair.recvmsg };
    } catch (e) {
      if (!(e instanceof NativeLoadError)) throw e;
      outcome = { error: { name: e.name, code: e.code, target: e.target, fix: e.fix, message: e.message,
        attempts: e.attempts.map(({ tried, error }) => ({ tried, error: error.message, code: error.code })),
        cause: e.cause?.message } };
    }
    console.log(JSON.stringify(outcome));
`;

/** Loads the binary in a process of its own. */
function load({ before = "", flags = [] as string[], environment = {} } = {}): Outcome {
  const script = `
    ${before}
    const { binding, NativeLoadError } = await import("./node_modules/sendmsg/dist/native/load.js");
    ${PRINT}`;
  return run([...flags, ...evaluate(script)], root, environment);
}

function run(args: string[], cwd: string, environment: Record<string, string> = {}): Outcome {
  const child = spawnSync(process.execPath, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", ...environment },
  });
  expect({ status: child.status, signal: child.signal, stderr: child.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: "",
  });
  return JSON.parse(child.stdout) as Outcome;
}

function failure(options?: Parameters<typeof load>[0]): NonNullable<Outcome["error"]> {
  const { error } = load(options);
  expect(error).toBeDefined();
  expect(error).toMatchObject({ name: "NativeLoadError", code: "ERR_SENDMSG_NATIVE_LOAD" });
  expect(error!.message).toContain(error!.target);
  expect(error!.message).toContain(RUNTIME);
  expect(error!.message.split("\n").at(-1)).toBe(`To fix it: ${error!.fix}`);
  for (const { tried } of error!.attempts) expect(error!.message).toContain(tried);
  return error!;
}

describe("the loader loads", () => {
  test("the package with the binary for this target", () => {
    expect(load()).toEqual({ loaded: "function" });
  });

  test.each(["the package", "a local build", "nothing"])(
    "the binary without a call of process.getReport() to find the libc (there is: %s)",
    (there) => {
      if (there === "a local build") {
        mkdirSync(join(core, "native/build/Release"), { recursive: true });
        cpSync(file, join(core, "native/build/Release/sendmsg.node"));
      }
      if (there !== "the package") rmSync(native, { recursive: true });
      const before = `
      const refuse = () => { process.stderr.write("getReport was called"); process.exit(1); };
      Object.defineProperty(process.report, "getReport", { value: refuse });
      process.getReport = refuse;`;
      const outcome = load({ before });
      if (there === "nothing") expect(outcome.error).toBeDefined();
      else expect(outcome).toEqual({ loaded: "function" });
    },
  );

  test("a local build, when there is no package", () => {
    mkdirSync(join(core, "native/build/Release"), { recursive: true });
    cpSync(file, join(core, "native/build/Release/sendmsg.node"));
    rmSync(native, { recursive: true });
    expect(load()).toEqual({ loaded: "function" });
  });

  test("a local build, whatever the environment says about builds", () => {
    mkdirSync(join(core, "native/build/Release"), { recursive: true });
    cpSync(file, join(core, "native/build/Release/sendmsg.node"));
    rmSync(native, { recursive: true });
    const environment = { PREBUILDS_ONLY: "1", npm_config_arch: FOREIGN, npm_config_platform: "darwin" };
    expect(load({ environment })).toEqual({ loaded: "function" });
  });

  test("a local build of the package behind a symbolic link, as pnpm installs it", () => {
    mkdirSync(join(core, "native/build/Release"), { recursive: true });
    cpSync(file, join(core, "native/build/Release/sendmsg.node"));
    rmSync(native, { recursive: true });
    const linked = join(root, "linked");
    mkdirSync(join(linked, "node_modules"), { recursive: true });
    symlinkSync(core, join(linked, "node_modules/sendmsg"));
    const script = `
      const { binding, NativeLoadError } = await import("./node_modules/sendmsg/dist/native/load.js");
      ${PRINT}`;
    expect(run(evaluate(script), linked)).toEqual({ loaded: "function" });
    rmSync(linked, { recursive: true });
  });

  test("nothing before the first call", () => {
    rmSync(native, { recursive: true });
    const child = spawnSync(
      process.execPath,
      evaluate('await import("./node_modules/sendmsg/dist/syscalls/index.js")'),
      { cwd: root, encoding: "utf8" },
    );
    expect({ status: child.status, stderr: child.stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe.each(["esm", "cjs"])("a bundle in the format %s", (format) => {
  const extension = format === "esm" ? "mjs" : "cjs";
  let out: string;
  let bundle: string;

  async function bundled(more = ""): Promise<void> {
    const { build } = createRequire(require.resolve("vite"))("esbuild") as {
      build(options: object): Promise<unknown>;
    };
    out = join(root, "out");
    bundle = join(out, `bundle.${extension}`);
    await build({
      stdin: {
        contents: `import { binding, NativeLoadError } from "./node_modules/sendmsg/dist/native/load.js";\n${PRINT}\n${more}`,
        resolveDir: root,
      },
      bundle: true,
      platform: "node",
      target: "node18",
      format,
      outfile: bundle,
      loader: { ".node": "copy" },
      ...(format === "esm" && {
        banner: {
          js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
        },
      }),
      logLevel: "silent",
    });
  }

  /** A current directory with a working binary at each place where a loader might look. */
  function decoys(): string {
    const folder = mkdtempSync(join(tmpdir(), "sendmsg-decoys-"));
    for (const place of [
      "native/build/Release",
      "build/Release",
      `prebuilds/${TARGET}`,
      `native/prebuilds/${TARGET}`,
    ]) {
      mkdirSync(join(folder, place), { recursive: true });
      cpSync(file, join(folder, place, "sendmsg.node"));
    }
    cpSync(join(root, "node_modules/@sendmsg"), join(folder, "node_modules/@sendmsg"), { recursive: true });
    return folder;
  }

  test("loads the binary that was bundled with it", async () => {
    await bundled();
    rmSync(native, { recursive: true });
    expect(run([bundle], tmpdir())).toEqual({ loaded: "function" });
    rmSync(out, { recursive: true });
  });

  skipUnless("Bun and Deno have no util.debuglog().enabled", !isBun && !isDeno)(
    "prints the system calls with NODE_DEBUG=sendmsg",
    async () => {
      await bundled("binding().listen(-1, 0);");
      const child = spawnSync(process.execPath, [bundle], {
        cwd: tmpdir(),
        encoding: "utf8",
        env: { ...process.env, NODE_DEBUG: "sendmsg", NO_COLOR: "1" },
      });
      expect(child.stderr).toBe(`SENDMSG ${child.pid}: listen(-1, 0) = -1 EBADF\n`);
      rmSync(out, { recursive: true });
    },
  );

  test.each(["left out of the bundle", "lost after bundling", "damaged"])(
    "takes no binary from the current directory when its own was %s",
    async (what) => {
      const decoy = decoys();
      if (what === "left out of the bundle") rmSync(native, { recursive: true });
      await bundled();
      rmSync(native, { recursive: true, force: true });
      const copies = readdirSync(out).filter((name) => name.endsWith(".node"));
      expect(copies).toHaveLength(what === "left out of the bundle" ? 0 : 1);
      for (const name of copies) {
        if (what === "damaged") writeFileSync(join(out, name), "no binary");
        else rmSync(join(out, name));
      }
      // The loader does not look for a local build beside the bundle, either.
      mkdirSync(join(out, "native/build/Release"), { recursive: true });
      cpSync(join(decoy, "native/build/Release"), join(out, "native/build/Release"), { recursive: true });
      const { error, loaded } = run([bundle], decoy);
      expect(loaded).toBeUndefined();
      expect(error!.attempts.map(({ tried }) => tried)).toEqual([NAME]);
      expect(error!.message).toContain("bundle");
      expect(error!.fix).toBe(
        `install ${NAME}@${VERSION} where you bundle, bundle again, and keep the .node file beside the bundle: ` +
          'see "Bundlers" in docs/install.md',
      );
      rmSync(decoy, { recursive: true });
      rmSync(out, { recursive: true });
    },
  );
});

describe("the loader refuses, and says why,", () => {
  test("another operating system", () => {
    const error = failure({ before: 'Object.defineProperty(process, "platform", { value: "darwin" });' });
    expect(error.target).toBe(`darwin-${process.arch}`);
    expect(error.attempts).toEqual([]);
    expect(error.message).toContain("Linux's system calls, and this is darwin");
    expect(error.fix).toMatch(/^run it on Linux/);
  });

  test("an architecture that no binary is published for", () => {
    const error = failure({ before: 'Object.defineProperty(process, "arch", { value: "riscv64" });' });
    expect(error.target).toBe("linux-riscv64");
    expect(error.message).toContain("No binary is published for linux-riscv64");
    expect(error.message).toContain("linux-x64, linux-ia32, linux-arm64");
    expect(error.attempts.map(({ tried }) => tried)).toEqual([
      "@sendmsg/native-linux-riscv64",
      join(core, "native/build/Release"),
    ]);
    expect(error.fix).toContain("npx sendmsg build");
  });

  test("the package left out", () => {
    rmSync(native, { recursive: true });
    const error = failure();
    expect(error.target).toBe(TARGET);
    expect(error.attempts[0]).toMatchObject({ tried: NAME, code: "MODULE_NOT_FOUND" });
    expect(error.attempts[1]).toMatchObject({
      tried: join(core, "native/build/Release"),
      error: "no local build",
    });
    expect(error.message).toContain("--omit=optional, --no-optional");
    expect(error.fix).toBe("npm install --include=optional");
    expect(error.cause).toContain(`Cannot find module '${NAME}/package.json'`);
  });

  skipUnless("Bun and Deno print errors in their own ways", !isBun && !isDeno)(
    "on one screen, if nobody catches the error",
    () => {
      rmSync(native, { recursive: true });
      writeFileSync(
        join(root, "uncaught.mjs"),
        `import { socketpair } from "sendmsg";
        function theProgram() { socketpair(); }
        theProgram();`,
      );
      const child = spawnSync(process.execPath, ["uncaught.mjs"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
      });
      expect(child.status).toBe(1);
      const said = child.stderr.slice(child.stderr.indexOf("NativeLoadError:"));
      const lines = said.trimEnd().split("\n");
      const stack = lines.filter((line) => line.startsWith("    at "));
      expect(lines.filter((line) => !stack.includes(line))).toEqual([
        `NativeLoadError: sendmsg has no native binary to run with on ${TARGET} (${RUNTIME}).`,
        `${NAME} is not installed: it is an optional dependency, and was left out (--omit=optional, --no-optional), or the ` +
          "lockfile was made on another platform and does not list it.",
        "Looked for:",
        `  - ${NAME}: Cannot find module '${NAME}/package.json'`,
        `  - ${join(core, "native/build/Release")}: no local build`,
        "To fix it: npm install --include=optional",
        "  code: 'ERR_SENDMSG_NATIVE_LOAD',",
        `  [cause]: [Error: Cannot find module '${NAME}/package.json']`,
        "}",
        "",
        `Node.js ${process.version}`,
      ]);
      // The program's call is near the top. What the library does to load the binary is not there.
      expect(stack.slice(0, 3).map((line) => line.split(" ")[5])).toEqual([
        "createPair",
        "socketpair",
        "theProgram",
      ]);
      expect(child.stderr.split("\n").length).toBeLessThan(24);
    },
  );

  test("another architecture's package in its place", () => {
    rmSync(native, { recursive: true });
    install(FOREIGN);
    const error = failure();
    expect(error.message).toContain(
      `${NAME} is not installed, but @sendmsg/native-linux-${FOREIGN} is: node_modules was installed for, or copied from, another architecture.`,
    );
    expect(error.fix).toBe(`npm install --include=optional --os=linux --cpu=${process.arch}`);
  });

  test("another architecture's binary in the package", () => {
    // The test writes the header itself, because the other binaries may not be built.
    const header = readFileSync(file);
    header.writeUInt16LE({ x64: 62, arm64: 183 }[FOREIGN], 18);
    writeFileSync(file, header);
    const error = failure();
    expect(error.attempts[0]).toEqual({
      tried: file,
      error: `an ELF file for ${FOREIGN} instead of ${process.arch}`,
    });
    expect(error.message).toContain(
      `copied from a machine of another architecture: ${file} is for ${FOREIGN}`,
    );
    expect(error.fix).toBe('delete node_modules and run "npm install" on this machine');
  });

  test("a file that is no binary", () => {
    writeFileSync(file, "<!doctype html><title>407 Proxy Authentication Required</title>");
    const error = failure();
    expect(error.attempts[0]).toEqual({ tried: file, error: "not an ELF file" });
    expect(error.message).toContain("the file is damaged");
    expect(error.fix).toBe(`delete ${native} and run "npm install" again`);
  });

  test("an empty file", () => {
    writeFileSync(file, "");
    expect(failure().attempts[0]).toEqual({ tried: file, error: "not an ELF file" });
  });

  // dlopen(3) of such a file kills the process with SIGBUS.
  test.each([20, 63, 64, 1000, 8192])("a file cut at byte %i", (size) => {
    truncateSync(file, size);
    const error = failure();
    expect(error.attempts[0]!.error).toMatch(new RegExp(`^the file ends at byte ${size} of \\d+$`));
    expect(error.message).toContain(`${file} is truncated: the file is damaged.`);
    expect(error.fix).toBe(`delete ${native} and run "npm install" again`);
  });

  test("a file that the system's loader refuses", () => {
    const bytes = readFileSync(file);
    // A file without program headers has nothing to map.
    bytes.writeUInt16LE(0, process.arch === "ia32" ? 44 : 56);
    writeFileSync(file, bytes);
    const error = failure();
    // Deno's error has no code.
    expect(error.attempts[0]).toMatchObject({
      tried: file,
      ...(isDeno ? {} : { code: "ERR_DLOPEN_FAILED" }),
    });
    expect(error.message).toContain("The system's loader refused the file.");
    expect(error.fix).toBe(`delete ${native} and run "npm install" again`);
  });

  test("a package without its file", () => {
    rmSync(file);
    const error = failure();
    expect(error.attempts[0]).toMatchObject({ tried: file, error: "no such file" });
    expect(error.message).toContain(`The package ${NAME} is installed without its binary.`);
    expect(error.fix).toBe(`delete ${native} and run "npm install" again`);
  });

  test("a package with a damaged package.json", () => {
    writeFileSync(join(native, "package.json"), "{");
    const error = failure();
    expect(error.message).toContain(`The package ${NAME} is damaged.`);
    expect(error.fix).toBe('delete node_modules and run "npm install" again');
  });

  test("a package of another version", () => {
    const manifest = JSON.parse(readFileSync(join(native, "package.json"), "utf8"));
    writeFileSync(join(native, "package.json"), JSON.stringify({ ...manifest, version: "0.0.7" }));
    const error = failure();
    expect(error.message).toContain(
      `${core} is version ${VERSION}, but ${native} is version 0.0.7; they must be the same.`,
    );
    expect(error.attempts[0]).toEqual({ tried: native, error: `version 0.0.7 instead of ${VERSION}` });
    expect(error.fix).toBe(`npm install sendmsg@${VERSION} ${NAME}@${VERSION}`);
  });

  test("a broken local build, when there is no package", () => {
    rmSync(native, { recursive: true });
    mkdirSync(join(core, "native/build/Release"), { recursive: true });
    const local = join(core, "native/build/Release/sendmsg.node");
    writeFileSync(local, "");
    const error = failure();
    expect(error.attempts).toMatchObject([{ tried: NAME }, { tried: local, error: "not an ELF file" }]);
    expect(error.fix).toBe("compile it again on this machine: npx sendmsg build");
  });

  skipUnless("Deno has permissions instead of --no-addons", !isDeno)(
    "addons that the process may not load",
    () => {
      const error = failure({ flags: ["--no-addons"] });
      expect(error.attempts[0]).toMatchObject({ tried: file, code: "ERR_DLOPEN_DISABLED" });
      expect(error.fix).toContain("without --no-addons");
    },
  );
});
