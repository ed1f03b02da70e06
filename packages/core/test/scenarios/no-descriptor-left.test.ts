import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { MSG_CTRUNC } from "../../src/constants/index.js";
import { isDeno } from "../../src/runtime.js";
import { run } from "../support/children.js";
import { HEADER, rights } from "../support/cmsg.js";
import { compiled } from "../support/compiled.js";
import { onRealKernel, withNoDescriptorLeft } from "../support/skip-unless.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** More calls than pauses of 1 to 50 ms allow in 200 ms, and far fewer than a loop that spins makes. */
const FEW = 60;

/** RLIMIT_NOFILE of the child processes. Node needs some 100 descriptors to load its modules. */
const LIMIT = 300;

/** Runs code in a process that may open few descriptors. Returns what the code has pushed onto `results`. */
function underLimit(code: string): unknown {
  const script = join(dist, "limited.mjs");
  writeFileSync(
    script,
    `import { AF_UNIX, SOCK_STREAM } from "./constants/index.js";
import { close, dup, recvmsg, sendmsg, socketpair } from "./syscalls/index.js";
    const HEADER = ${HEADER};
    function rights(...fds) {
      const bytes = Buffer.from("${rights(0, 0, 0).toString("hex")}", "hex");
      bytes.set(new Uint8Array(Int32Array.from(fds).buffer), HEADER);
      return bytes;
    }
    function fdsIn(control, length) {
      return length === 0 ? [] : [...new Int32Array(control.slice(HEADER, length).buffer)].slice(0, Math.floor((cmsgLen(control) - HEADER) / 4));
    }
    const cmsgLen = (control) => new Int32Array(control.slice(0, 4).buffer)[0];
    const [a, b] = socketpair(AF_UNIX, SOCK_STREAM);
    const results = [];
    ${code}
    process.stdout.write(JSON.stringify(results));`,
  );
  const child = spawnSync("sh", ["-c", `ulimit -n 64 && exec "$0" "$1"`, process.execPath, script], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect({ status: child.status, stderr: child.stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(child.stdout);
}

describe("accepting without a descriptor left", () => {
  const it = withNoDescriptorLeft;
  const prelude = `
    import { setTimeout as pause } from "node:timers/promises";
    const path = process.env.SOCKET;
    const listener = await lib.Listener.listen({ path });
    const client = await lib.Socket.open({ family: "unix", type: "stream" });
    keep(listener, client);
    // Opens the event loop's own descriptors before the last number is used up.
    const early = listener.accept();
    const first = await lib.Socket.connect({ path });
    await Promise.all([(await early).close(), first.close()]);
    await pause(20);
    const hoard = [];
    const exhaust = () => { try { for (;;) hoard.push(openSync("/dev/null")); } catch {} };
    const release = () => { for (const fd of hoard.splice(0)) closeSync(fd); };
    const { accept4 } = binding();
    let attempts = 0;
    binding().accept4 = (...args) => { attempts++; return accept4(...args); };
    exhaust();
    await client.connect({ path });`;

  const socketPath = () => ({ SOCKET: `${dirname(dist)}/emfile.sock` });

  it("makes accept() pause without spinning until a descriptor is free", () => {
    const output = run(
      dist,
      `${prelude}
      let accepted = false;
      const accepting = listener.accept().then((socket) => { accepted = true; return socket; });
      await pause(200);
      console.log(attempts > 1 && attempts < ${FEW}, accepted);
      release();
      const server = await accepting;
      await client.sendmsg({ data: "x" });
      console.log(String((await server.recvmsg()).data));
      await Promise.all([server, client, listener].map((end) => end.close()));`,
      { descriptors: LIMIT, env: socketPath() },
    );
    expect(output.split("\n")).toEqual(["true false", "x"]);
  });

  it("makes tryAccept() throw EMFILE if a client waits", () => {
    const output = run(
      dist,
      `${prelude}
      const attempt = () => { try { return listener.tryAccept(); } catch ({ code, syscall }) { return code + " " + syscall; } };
      console.log(attempt());
      release();
      const server = attempt();
      console.log(attempt());
      await Promise.all([server, client, listener].map((end) => end.close()));`,
      { descriptors: LIMIT, env: socketPath() },
    );
    expect(output).toBe("EMFILE accept4\nundefined");
  });

  it("is reported to onError by an iteration", () => {
    const output = run(
      dist,
      `${prelude}
      const errors = new Set();
      const connections = listener.connections({ onError: ({ code, syscall }) => errors.add(code + " " + syscall) });
      const next = connections.next();
      await pause(50);
      release();
      const { value } = await next;
      console.log([...errors].join());
      await Promise.all([value, client, listener].map((end) => end.close()));`,
      { descriptors: LIMIT, env: socketPath() },
    );
    expect(output).toBe("EMFILE accept4");
  });

  it("is reported to onError by an iteration that already waits", () => {
    const output = run(
      dist,
      `${prelude}
      release();
      const errors = new Set();
      const connections = listener.connections({ onError: ({ code }) => errors.add(code) });
      const first1 = (await connections.next()).value;
      const next = connections.next();
      const second = await lib.Socket.open({ family: "unix", type: "stream" });
      await pause(10);
      exhaust();
      await second.connect({ path });
      await pause(50);
      release();
      const { value } = await next;
      console.log([...errors].join());
      await Promise.all([value, first1, client, second, listener].map((end) => end.close()));`,
      { descriptors: LIMIT, env: socketPath() },
    );
    expect(output).toBe("EMFILE");
  });

  it("lets accept() be aborted and the listener be closed meanwhile", () => {
    const output = run(
      dist,
      `${prelude}
      const controller = new AbortController();
      const aborted = listener.accept({ signal: controller.signal }).catch(({ code }) => code);
      const closed = listener.accept().catch(({ code }) => code);
      setTimeout(() => controller.abort(), 10);
      console.log(await aborted);
      listener.close();
      console.log(await closed);`,
      { descriptors: LIMIT, env: socketPath() },
    );
    expect(output.split("\n")).toEqual(["ABORT_ERR", "ERR_SENDMSG_CLOSED"]);
  });
});

describe.each(["stream", "seqpacket", "dgram"])("a receive that reaches RLIMIT_NOFILE, %s", (type) => {
  withNoDescriptorLeft("keeps the data and the descriptors that fitted, and reports the loss", () => {
    const output = run(
      dist,
      `import { readdirSync } from "node:fs";
      import { setTimeout as pause } from "node:timers/promises";
      const [a, b] = lib.socketpair(${JSON.stringify(type)});
      await a.sendmsg({ data: "warm" });
      await b.recvmsg();
      await a.sendmsg({ data: "data", fds: new Array(10).fill(0) });
      const hoard = [];
      try { for (;;) hoard.push(openSync("/dev/null")); } catch {}
      for (const fd of hoard.splice(0, 3)) closeSync(fd);
      const message = await b.recvmsg({ maxFds: 253 });
      console.log(String(message.data), message.fds.length, message.controlTruncated, message.droppedFds);
      const numbers = message.fds.map(({ fd }) => fd);
      message[Symbol.dispose]();
      while (binding().closing() > 0) await pause(1);
      for (const fd of hoard) closeSync(fd);
      console.log(readdirSync("/proc/self/fd").filter((fd) => numbers.includes(Number(fd))).length <= 1);
      process.exit(0);`,
      { descriptors: LIMIT },
    );
    expect(output.split("\n")[0]).toBe("data 3 true 0");
  });
});

describe("the bare recvmsg()", () => {
  const withNoneLeft = isDeno ? withNoDescriptorLeft : onRealKernel;

  withNoneLeft("delivers the data at RLIMIT_NOFILE, with MSG_CTRUNC and the descriptors that fitted", () => {
    const results = underLimit(`
      for (const free of [0, 1, 3]) {
        sendmsg(a, "data", { control: rights(0, 0, 0) });
        const filler = [];
        try { for (;;) filler.push(dup(0)); } catch (error) { if (error.code !== "EMFILE") throw error; }
        for (let i = 0; i < free; i++) close(filler.pop());
        const control = new Uint8Array(256);
        const { bytes, controlLength, flags } = recvmsg(b, new Uint8Array(16), { control });
        const fds = fdsIn(control, controlLength);
        filler.concat(fds).forEach(close);
        results.push({ free, bytes, arrived: fds.length, controlLength: controlLength > 0, flags });
      }
    `);
    expect(results).toEqual([
      { free: 0, bytes: 4, arrived: 0, controlLength: false, flags: MSG_CTRUNC },
      { free: 1, bytes: 4, arrived: 1, controlLength: true, flags: MSG_CTRUNC },
      { free: 3, bytes: 4, arrived: 3, controlLength: true, flags: 0 },
    ]);
  });
});
