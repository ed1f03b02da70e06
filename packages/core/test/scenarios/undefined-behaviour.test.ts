import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { compileTo } from "../support/compiled.js";
import { evaluate } from "../support/evaluate.js";
import { skipUnless } from "../support/skip-unless.js";

// Compiles the native layer with gcc's checks for undefined behaviour, which end the process at the first one.

const native = fileURLToPath(new URL("../../native", import.meta.url));
const headers = join(dirname(dirname(process.execPath)), "include/node");

/** The sources of binding.gyp, without the file that replaces the C++ library. */
function sources(): string[] {
  const names = readFileSync(join(native, "binding.gyp"), "utf8").match(/src\/[\w-]+\.cc/g) ?? [];
  return names.filter((name) => name !== "src/runtime.cc").map((name) => join(native, name));
}

const compiler = process.env.CXX || "g++";
const hasCompiler =
  existsSync(join(headers, "node_api.h")) && spawnSync(compiler, ["--version"]).status === 0;

/** A copy of the package whose only binary is a local build. */
const directory = mkdtempSync(join(tmpdir(), "sendmsg-undefined-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function build(): Promise<void> {
  await compileTo(directory);
  const release = join(directory, "native/build/Release");
  mkdirSync(release, { recursive: true });
  const { include_dir } = createRequire(import.meta.url)("node-addon-api") as { include_dir: string };
  const { status, stderr } = spawnSync(
    compiler,
    [
      ...["-std=c++20", "-O1", "-g", "-fPIC", "-shared", "-fno-exceptions", "-fno-rtti"],
      ...["-fsanitize=undefined", "-fno-sanitize-recover=all"],
      ...["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_GYP_MODULE_NAME=sendmsg"].map(
        (it) => `-D${it}`,
      ),
      ...[headers, include_dir].map((folder) => `-I${folder}`),
      ...sources(),
      ...["-o", join(release, "sendmsg.node")],
    ],
    { encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
}

/** Calls with nothing to copy: empty data, no control data, no address, no closed descriptor to report. */
const dist = pathToFileURL(join(directory, "dist/")).href;
const program = `
  const { default: assert } = await import("node:assert/strict");
  const { binding } = await import("${dist}native/load.js");
  const { OFF_LOOP } = await import("${dist}native/binding.js");
  const { receive } = binding();
  binding().takeFinished(new Int32Array(64));
  const { Listener, Socket, socketpair } = await import("${dist}index.js");
  const path = process.argv[1] + "/socket";

  for (const type of ["stream", "seqpacket", "dgram"]) {
    const [a, b] = socketpair(type, { receive: ["credentials"] });
    const waiting = b.recvmsg({ maxFds: 1 });
    await a.sendmsg({ data: "x", fds: [0] });
    (await waiting)[Symbol.dispose]();
    if (type !== "stream") await a.sendmsg({ data: "" });
    a.trySendmsg({ data: ["", "y", new Uint8Array(0)], fds: [0, 1] });
    (await b.recvmsg({ buffers: [new Uint8Array(1), new Uint8Array(0)] }))[Symbol.dispose]();
    // A thread receives, as near the limit of open files.
    binding().receive = () => OFF_LOOP;
    for (const data of type === "stream" ? ["z"] : ["", "z"]) {
      await a.sendmsg({ data });
      (await b.recvmsg())[Symbol.dispose]();
    }
    binding().receive = receive;
    await Promise.all([a.close(), b.close()]);
  }

  // A thread sends for a connected datagram socket that has unread messages.
  const server = await Socket.bind({ path: path + ".server" }, { type: "dgram" });
  const sender = await Socket.bind({ path: path + ".sender" }, { type: "dgram" });
  await sender.connect({ path: path + ".server" });
  await server.sendmsg({ data: "x", address: { path: path + ".sender" } });
  let sentOffLoop = 0;
  const { startSend } = binding();
  binding().startSend = (...args) => (sentOffLoop++, startSend(...args));
  await sender.sendmsg({ data: [] });
  await sender.sendmsg({ data: ["", "y"], fds: [0] });
  assert.equal(sentOffLoop, 2);
  await Promise.all([server.close(), sender.close()]);

  const listener = await Listener.listen({ path });
  const [client, accepted] = await Promise.all([Socket.connect({ path }), listener.accept()]);
  const taken = Socket.from(accepted.detach());
  await client.sendmsg({ data: "x" });
  await taken.recvmsg();
  await Promise.all([client.close(), taken.close()]);

  // A thread accepts, because another process may share the listener.
  const shared = Listener.from(listener.detach());
  const accepting = shared.accept();
  const other = await Socket.connect({ path });
  await Promise.all([(await accepting).close(), other.close(), shared.close()]);
  console.log("done");
`;

skipUnless("needs g++, and Node's headers beside it", hasCompiler && !isBun && !isDeno)(
  "the native layer has no undefined behaviour",
  async () => {
    await build();
    const { stdout, stderr, status, signal } = spawnSync(
      process.execPath,
      [...evaluate(program), directory],
      {
        encoding: "utf8",
      },
    );
    expect({ stdout, status, signal }, stderr).toEqual({ stdout: "done\n", status: 0, signal: null });
    expect(stderr).not.toContain("runtime error");
  },
);
