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

interface Server {
  server: ChildProcess;
  ready: Ready;
  /** What the server has printed: what it does not expect goes to stderr. */
  printed: { stdout: string; stderr: string };
}

async function startServer(name: string): Promise<Server> {
  const args = [name, join(folder, "control.sock"), join(folder, "log")];
  const server = fork(join(examples, "server.mjs"), args, { silent: true });
  servers.push(server);
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    server[stream]!.setEncoding("utf8").on("data", (text: string) => {
      printed[stream] += text;
    });
  }
  const failed = once(server, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code} before it was ready\n${printed.stderr}`);
  });
  failed.catch(() => {});
  const [ready] = (await Promise.race([once(server, "message"), failed])) as [Ready];
  return { server, ready, printed };
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
    const { server: old, ready, printed } = await startServer("old");
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

    // "close" comes when the server has exited and all its output has been read.
    const closed = once(old, "close");
    const { server: successor, ready: taken, printed: printedByNew } = await startServer("new");
    expect(taken.tookOver).toMatchObject({ from: old.pid, address: { port } });
    expect(await closed).toEqual([0, null]);
    // The two successors that left the message unread.
    expect(printed).toEqual({
      stdout: "",
      stderr: expect.stringMatching(
        /^(?:old: the handover failed: (?:sendmsg EPIPE|recvmsg ECONNRESET): the peer has closed the connection.*\n){2}$/,
      ),
    });
    expect(await request(port, "/after")).toBe("new");

    const ended = once(successor, "close");
    successor.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(printedByNew).toEqual({ stdout: "", stderr: "" });
    const log = readFileSync(join(folder, "log"), "utf8");
    for (const how of WAYS) expect(log.match(new RegExp(`^old /${how}$`, "gm"))).toHaveLength(5);
    expect(log.trimEnd().split("\n").at(-1)).toBe("new /after");
    expect(readdirSync(folder)).toEqual(["log"]);
  },
);
