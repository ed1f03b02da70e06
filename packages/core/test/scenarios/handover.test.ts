import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect } from "vitest";
import { withHttpServer } from "../support/skip-unless.js";
import { LIMIT, run } from "./program.js";

const examples = fileURLToPath(new URL("../../../../examples/handover/", import.meta.url));

let folder: string;
let servers: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendmsg-test-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) {
    if (server.exitCode !== null || server.signalCode !== null) continue;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  }
  rmSync(folder, { recursive: true });
});

withHttpServer(
  "in the demonstration, three servers take over from each other, and no request fails",
  {
    timeout: LIMIT,
  },
  async () => {
    const child = spawn(process.execPath, [join(examples, "run.mjs")], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    const [code] = (await once(child, "close")) as [number | null];
    expect(code, output).toBe(0);

    const pids = [...output.matchAll(/server (\d) \(pid (\d+)\)/g)].map(([, name, pid]) => [name, pid]);
    expect(pids.map(([name]) => name)).toEqual(["1", "2", "3"]);
    expect(new Set(pids.map(([, pid]) => pid)).size).toBe(3);
    expect(output.match(/took over from pid \d+/g)).toEqual(
      pids.slice(0, 2).map(([, pid]) => `took over from pid ${pid}`),
    );
    expect(output.match(/exited with \d+/g)).toEqual(["exited with 0", "exited with 0"]);

    const [, sent, counts] = /^(\d+) requests: (.*)$/m.exec(output)!;
    const answered = [...counts!.matchAll(/(\d+) answered by server \d/g)].map(([, count]) => Number(count));
    expect(answered.length).toBe(3);
    expect(answered.every((count) => count > 0)).toBe(true);
    expect(answered.reduce((sum, count) => sum + count)).toBe(Number(sent));
    expect(output).toMatch(new RegExp(`^0 failed; ${sent} lines in the one log file`, "m"));
    expect(readdirSync(folder), "files left behind").toEqual([]);
    for (const [, pid] of pids) expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
  },
);

interface Ready {
  pid: number;
  port?: number;
  tookOver?: { from: number; address: { port: number } };
}

async function startServer(name: string): Promise<{ server: ChildProcess; ready: Ready }> {
  const server = fork(join(examples, "server.mjs"), [
    name,
    join(folder, "control.sock"),
    join(folder, "log"),
  ]);
  servers.push(server);
  const [ready] = (await once(server, "message")) as [Ready];
  return { server, ready };
}

function request(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve(body));
    }).on("error", reject);
  });
}

/** The ways in which programs/failing-successor.mjs fails. */
const WAYS = ["crash", "exit", "refuse", "unread", "gone"];

withHttpServer(
  "a successor that fails before it is ready leaves the old server serving, and the next one can take over",
  async () => {
    const { server: old, ready } = await startServer("old");
    const port = ready.port!;
    const control = join(folder, "control.sock");
    // The server reports that it is ready before it listens for successors.
    while (!readdirSync(folder).includes("control.sock")) expect(await request(port, "/waiting")).toBe("old");

    const ends: unknown[] = [];
    for (const how of WAYS) {
      const { stdout, code, signal } = await run("failing-successor.mjs", { args: [control, how] });
      ends.push([stdout.trim(), code, signal]);
      for (let i = 0; i < 5; i++) expect(await request(port, `/${how}`)).toBe("old");
    }
    expect(ends).toEqual([
      ["2", null, "SIGKILL"],
      ["2", 3, null],
      ["2", 0, null],
      ["", 0, null],
      ["", null, "SIGKILL"],
    ]);

    const exited = once(old, "exit");
    const { server: successor, ready: taken } = await startServer("new");
    expect(taken.tookOver).toMatchObject({ from: old.pid, address: { port } });
    expect(await exited).toEqual([0, null]);
    expect(await request(port, "/after")).toBe("new");

    const ended = once(successor, "exit");
    successor.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    const log = readFileSync(join(folder, "log"), "utf8");
    for (const how of WAYS) expect(log.match(new RegExp(`^old /${how}$`, "gm"))).toHaveLength(5);
    expect(log.trimEnd().split("\n").at(-1)).toBe("new /after");
    expect(readdirSync(folder)).toEqual(["log"]);
  },
);
