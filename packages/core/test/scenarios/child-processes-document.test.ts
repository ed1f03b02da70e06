// docs/child-processes.md: each program of the page is written to a file and run.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Socket } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { canBeNobody } from "../support/nobody.js";
import { skipUnless, withFiles } from "../support/skip-unless.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { firstOf, LIMIT } from "./program.js";
import { requireProgram } from "./required.js";

const core = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(core, "../../docs/child-processes.md"), "utf8");

/** The programs of the page, by the file name in their first line. */
const programs = new Map(
  [...page.matchAll(/^```(?:js|python|sh)\n(?:\/\/|#) ([a-z]+\.(?:mjs|py|sh))\b(.*?)^```$/gms)].map(
    ([block, name]) => [name!, block.replace(/^```\w+\n/, "").replace(/```$/, "")],
  ),
);

let folder: string;
beforeAll(() => {
  folder = temporaryDirectory();
  // An unprivileged child reads its program here.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(core, join(folder, "node_modules/sendmsg"));
  // Without it, Deno looks at no folder node_modules.
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "dependencies": { "sendmsg": "*" } }');
  for (const [name, text] of programs) writeFileSync(join(folder, name), text);
});

function start(command: string, ...args: string[]): ChildProcess {
  return spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT });
}

/** Runs a program, which must end well. Returns the lines that it and its child write. */
async function linesOf(...command: [string, ...string[]]): Promise<string[]> {
  const child = start(...command);
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]!.setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  }
  const [code] = await once(child, "close");
  expect({ code, stderr: said.stderr }).toEqual({ code: 0, stderr: "" });
  return said.stdout.trimEnd().split("\n");
}

const node = (name: string, ...args: string[]) => linesOf(process.execPath, name, ...args);
const lengthOf = (name: string): number => Buffer.byteLength(programs.get(name)!);

const python = firstOf("/usr/bin/python3") ?? "python3";
const withPython = requireProgram(
  "needs Python 3.9 or newer (Debian: python3)",
  spawnSync(python, ["-c", "import socket; socket.send_fds, socket.recv_fds"]).status === 0,
);

const asNobody = canBeNobody()
  ? withFiles
  : skipUnless("no process of the user nobody can start here, or read the library", false);

describe("docs/child-processes.md", { timeout: LIMIT + 10_000 }, () => {
  test("every block of code is a program that a test runs", () => {
    const blocks = page.match(/^```\w+$/gm)!;
    expect(programs.size).toBe(blocks.length);
    const here = readFileSync(fileURLToPath(import.meta.url), "utf8");
    for (const name of programs.keys())
      expect(here + page.replaceAll(/^(?:\/\/|#).*/gm, "")).toContain(`"${name}"`);
  });

  withFiles("a child in Node", async () => {
    expect(await node("parent.mjs", process.execPath, "child.mjs")).toEqual([
      `the child says: ${lengthOf("parent.mjs")} bytes`,
    ]);
  });

  withPython("a child in Python", async () => {
    expect(await node("parent.mjs", python, "child.py")).toEqual([
      `the child says: ${lengthOf("parent.mjs")} bytes`,
    ]);
  });

  test("sort(1)", async () => {
    expect(await node("sort.mjs")).toEqual(["apple, pear"]);
  });

  test("a shell script", async () => {
    expect(await node("lines.mjs")).toEqual(["got hello"]);
  });

  test("descriptors named by an environment variable", async () => {
    expect(await node("services.mjs")).toEqual(["control: running", "log: asked for status"]);
  });

  withFiles("descriptors named by a message", async () => {
    const firstLine = (name: string) => programs.get(name)!.split("\n")[0];
    expect(await node("files.mjs")).toEqual([
      `parent: ${firstLine("files.mjs")}`,
      `child: ${firstLine("reader.mjs")}`,
    ]);
  });

  asNobody("an unprivileged child", async () => {
    expect(await node("nobody.mjs")).toEqual([
      "opened by the child: EACCES",
      "received from the parent: the secret",
    ]);
  });

  test("a connection that cat(1) serves", () =>
    counted(async () => {
      const server = start(process.execPath, "inetd.mjs");
      const ended = once(server, "close");
      const path = join(folder, "echo.sock");
      while (!existsSync(path) && server.exitCode === null) await pause(10);
      let client: Socket | undefined;
      // The path exists a moment before the server listens.
      while (client === undefined) {
        client = await Socket.connect({ path }).catch((error: Error & { code: string }) => {
          if (error.code === "ECONNREFUSED") return undefined;
          throw error;
        });
      }
      await client.sendmsg({ data: "echo" });
      expect(String((await client.recvmsg()).data)).toBe("echo");
      await client.shutdown("write");
      expect((await client.recvmsg()).eof).toBe(true);
      await client.close();
      server.kill("SIGKILL");
      await ended;
    }));

  test("a command that does not exist", async () => {
    expect(await node("missing.mjs")).toEqual(["not started: ENOENT", "at the end: true"]);
  });
});
