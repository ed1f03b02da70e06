import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layout } from "../../src/control/index.js";

// The tests ask a C compiler what the system's headers and the CMSG_ macros say.

/** On 64-bit x86, the 32-bit compiler needs headers that Debian has in another folder. */
const FLAGS_32 = ["-m32", "-idirafter", "/usr/include/x86_64-linux-gnu"];
const FLAGS: Record<Layout, readonly string[]> = {
  "64": [],
  "32": process.arch === "ia32" ? [] : FLAGS_32,
};

/**
 * Compiles a program from these files, which are given by name without ".c". A file is not compiled again if it was compiled in
 * this directory before and has not changed.
 */
function compile(sources: Record<string, string>, layout: Layout, directory: string): string {
  const gcc = (...args: string[]) =>
    execFileSync(process.env.CC || "gcc", ["-w", ...FLAGS[layout], ...args], {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
  const changed = Object.entries(sources).filter(([name, source]) => {
    const file = join(directory, `${name}.c`);
    if (existsSync(join(directory, `${name}.o`)) && readFileSync(file, "utf8") === source) return false;
    writeFileSync(file, source);
    return true;
  });
  // gcc goes on after a file with errors, so that the next attempt compiles only the files that failed.
  gcc("-c", ...changed.map(([name]) => `${name}.c`));
  gcc("-o", "program", ...Object.keys(sources).map((name) => `${name}.o`));
  return join(directory, "program");
}

function inDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "sendmsg-c-"));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Compiles and runs a program, and returns the lines that it prints. The source is one file, or several files by their names
 * without ".c". If the compiler fails, `mend` gets an error with the compiler's output, and returns other sources or throws.
 */
export function runC(
  source: string | Record<string, string>,
  layout: Layout,
  mend = (error: Error): Record<string, string> => {
    throw error;
  },
): string[] {
  return inDirectory((directory) => {
    let sources = typeof source === "string" ? { program: source } : source;
    let program: string | undefined;
    while (program === undefined) {
      try {
        program = compile(sources, layout, directory);
      } catch (error) {
        sources = mend(error as Error);
      }
    }
    return execFileSync(program, { encoding: "utf8", maxBuffer: 2 ** 26 })
      .trimEnd()
      .split("\n");
  });
}

/** Why there is no C compiler for this layout here. Undefined: there is one. */
export function compilerMissing(layout: Layout): string | undefined {
  if (process.platform !== "linux") return "the headers are Linux's";
  if (layout === "64" && process.arch === "ia32") return "a 32-bit system has no 64-bit compiler";
  if (layout === "32" && process.arch !== "ia32" && process.arch !== "x64")
    return "only x86 has both layouts";
  return inDirectory((directory) => {
    let program: string;
    try {
      program = compile(
        { program: "#include <sys/socket.h>\nint main(void) { return 0; }" },
        layout,
        directory,
      );
    } catch {
      return `no ${layout}-bit C compiler here`;
    }
    try {
      // env(1) runs the program, because a shell would take a program that the kernel refuses for a script.
      execFileSync("env", [program], { stdio: "ignore" });
      return undefined;
    } catch {
      return `this machine runs no ${layout}-bit programs`;
    }
  });
}
