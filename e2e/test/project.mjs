// Makes a user's project, as on a machine without a compiler.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFinished } from "vitest";
import { repository } from "../../tools/paths.mjs";
import { inToolbox } from "../../tools/toolbox.mjs";

// The programs that shells and package managers call. There is no compiler, no make and no Python.
const TOOLS = [
  "sh",
  "env",
  "uname",
  "sed",
  "dirname",
  "basename",
  "cat",
  "ls",
  "rm",
  "mkdir",
  "readlink",
  "tr",
];

const LIMIT = 120_000;

/** Makes a folder with a package.json, and an environment with a PATH of its own and the test registry. Both last for one test. */
export function project({ node = process.execPath, manifest = {}, environment = {} } = {}) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "sendmsg-user-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, "project");
  const bin = join(root, "bin");
  for (const each of [folder, bin, join(root, "home")]) mkdirSync(each);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", version: "1.0.0", private: true, type: "module", ...manifest }),
  );
  for (const name of TOOLS) {
    const found = process.env.PATH.split(":")
      .map((path) => join(path, name))
      .find(existsSync);
    if (found) symlinkSync(found, join(bin, name));
  }
  symlinkSync(node, join(bin, "node"));

  const { url, environment: registry } = inject("registry");
  const env = {
    PATH: bin,
    HOME: join(root, "home"),
    TMPDIR: root,
    ...registry,
    npm_config_cache: join(root, "npm-cache"),
    CI: "1",
    DO_NOT_TRACK: "1",
    ...environment,
  };

  /** Adds a command to the PATH. It runs a script with Node. */
  const command = (name, script) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${node}" "${script}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const write = (name, text) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const read = (name) => readFileSync(join(folder, name), "utf8");
  const start = (program, ...args) => startIn(folder, env, program, args);
  /** Runs a program, which must succeed. Returns what it printed. */
  const run = async (program, ...args) => {
    const outcome = await start(program, ...args).ended;
    expect(outcome, `${program} ${args.join(" ")}\n${outcome.stdout}${outcome.stderr}`).toMatchObject({
      status: 0,
    });
    return outcome.stdout;
  };
  return { root, folder, bin, env, url, node, command, write, read, start, run };
}

/** A project with Yarn. `linker` is Yarn's setting nodeLinker. */
export function withYarn(linker, make = project) {
  const user = make({ environment: { YARN_ENABLE_TELEMETRY: "0", YARN_ENABLE_IMMUTABLE_INSTALLS: "false" } });
  user.command("yarn", inToolbox("@yarnpkg/cli-dist/bin/yarn.js"));
  user.write(
    ".yarnrc.yml",
    [
      `nodeLinker: ${linker}`,
      `npmRegistryServer: "${user.url}"`,
      "unsafeHttpWhitelist: ['127.0.0.1']",
      "enableGlobalCache: false",
      "npmMinimalAgeGate: 0",
      "",
    ].join("\n"),
  );
  user.write("yarn.lock", "");
  return user;
}

/** A project with sendmsg in node_modules: a copy of one installation by npm. managers.test.mjs tests the installation itself. */
export function projectWithSendmsg(options) {
  const user = project(options);
  execFileSync("cp", ["-a", inject("installed"), user.folder]);
  return user;
}

/**
 * A project with hot-shots, winston and winston-syslog, which use @sendmsg/unix-dgram for unix-dgram: a link to one installation by
 * npm. unix-dgram-override.test.mjs tests the installation itself. The project also has the programs of the folder programs.
 */
export function projectWithUsersOfUnixDgram(options) {
  const user = project({ ...options, manifest: { type: "commonjs" } });
  symlinkSync(inject("users"), join(user.folder, "node_modules"));
  cpSync(join(repository, "e2e/test/programs"), user.folder, { recursive: true });
  return user;
}

function startIn(cwd, env, program, args) {
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT,
    killSignal: "SIGKILL",
  });
  const outcome = { status: null, stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      outcome[name] += text;
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ ...outcome, status: status ?? signal }));
  });
  return { child, ended, outcome };
}

/**
 * Runs the README's two programs in a project, as they stand there. `runtime` is the command that runs a program. The receiver must
 * print the sender's program, which the sender passes. `change` edits the programs for runtimes that need it.
 */
export async function runReadme(user, runtime, change = (code) => code) {
  const text = readFileSync(join(repository, "README.md"), "utf8");
  const [receive, send] = [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  expect(receive).toContain("Listener.listen");
  expect(send).toContain("Socket.connect");
  user.write("receive.mjs", change(receive));
  user.write("send.mjs", change(send));
  const receiver = user.start(...runtime, "receive.mjs");
  let over = false;
  receiver.ended.then(() => {
    over = true;
  });
  while (!existsSync(join(user.folder, "app.sock")) && !over) await delay(20);
  if (over) {
    expect(await receiver.ended, "the receiver ended before it listened").toMatchObject({
      status: 0,
      stderr: "",
    });
  }
  await user.run(...runtime, "send.mjs");
  const { status, stdout, stderr } = await receiver.ended;
  expect({ status, stdout }, stderr).toEqual({
    status: 0,
    stdout: `waiting for send.mjs\n"my file" brought 1 descriptor\n${change(send)}`,
  });
}
