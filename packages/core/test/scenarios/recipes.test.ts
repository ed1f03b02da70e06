import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AF_INET6, AF_NETLINK, AF_VSOCK, SOCK_DGRAM, SOCK_STREAM } from "../../src/constants/index.js";
import { Listener, type Message, Socket } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { close, socket } from "../../src/syscalls/index.js";
import { namespaces } from "../kernel/namespace.js";
import { counted } from "../support/counted.js";
import { type Outcome, repository, run, textOf } from "../support/pages.js";
import { onRealKernel, REAL_KERNEL, skipUnless } from "../support/skip-unless.js";
import { isEmulated } from "../support/target.js";

const RECIPES = "examples/recipes";
const recipe = (name: string): string => join(repository, RECIPES, name);
const packets = (name: string): string => join(repository, "examples/packets", name);
const throughput = (name: string): string => join(repository, "examples/throughput", name);

// `npx vitest run test/scenarios/recipes -u` writes the programs into the pages.
describe.each([
  ["docs/recipes.md", RECIPES],
  ["docs/packets.md", "examples/packets"],
  ["docs/throughput.md", "examples/throughput"],
  ["docs/reuse-port.md", "examples/reuse-port"],
])("%s", (document, folder) => {
  /** The page with each program as its file has it. */
  const page = (): string =>
    textOf(document).replace(
      /^(\[(\S+\.mjs)\]\(\S+\)\n\n)```js\n.*?^```$/gms,
      (_, link, name) => `${link}\`\`\`js\n${textOf(`${folder}/${name}`)}\`\`\``,
    );

  test("shows the programs as they are", async () => {
    await expect(page()).toMatchFileSnapshot(join(repository, document));
  });

  test(`shows every program of ${folder}, and every one is run here`, () => {
    const runHere = readFileSync(fileURLToPath(import.meta.url), "utf8");
    const shown = [...page().matchAll(/^\[(\S+\.mjs)\]\((\S+)\)\n\n```js$/gm)];
    for (const [, name, target] of shown) expect(target).toBe(`../${folder}/${name}`);
    const files = readdirSync(join(repository, folder));
    expect(shown.map(([, name]) => name).sort()).toEqual(files.sort());
    for (const name of files) expect(runHere).toContain(`"${name}`);
  });
});

/** Why a program does not run here. */
const makes = (family: number, type: number): boolean => {
  try {
    close(socket(family, type));
    return true;
  } catch {
    return false;
  }
};

/** The kernel has no way from this machine to itself. */
async function hasVsockLoopback(): Promise<boolean> {
  if (!makes(AF_VSOCK, SOCK_STREAM)) return false;
  const listener = await Listener.listen({ family: "vsock", cid: 0xffffffff, port: 0xffffffff });
  try {
    const { port } = listener.getsockname() as { port: number };
    const to = { family: "vsock", cid: 1, port } as const;
    await (await Socket.connect(to, { signal: AbortSignal.timeout(1000) })).close();
    return true;
  } catch {
    return false;
  } finally {
    await listener.close();
  }
}

const hasPython = ["/usr/bin/python3", "/usr/local/bin/python3"].some((path) => existsSync(path));
const withPython = skipUnless("there is no python3", hasPython);
const withNamespaces = skipUnless(namespaces() ?? "", namespaces() === undefined);
const withIpv6 = skipUnless("there is no IPv6", makes(AF_INET6, SOCK_DGRAM));
const withNetlink = skipUnless("there is no AF_NETLINK", makes(AF_NETLINK, SOCK_DGRAM) && !isEmulated());
const withVsock = skipUnless("there is no vsock from this machine to itself", await hasVsockLoopback());

const activator = ["/usr/bin", "/bin", "/lib/systemd"]
  .map((folder) => `${folder}/systemd-socket-activate`)
  .find((path) => existsSync(path));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sendmsg-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const good = (output: unknown): Outcome => ({ code: 0, errors: "", output: output as string });
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** Runs shell commands in a network namespace of their own, which has only a loopback interface. */
const inNamespace = (commands: string): Promise<Outcome> =>
  run(["-n", "sh", "-ec", `ip link set lo up\n${commands}`], "unshare");

const nodeCommand = (name: string, ...args: string[]): string =>
  `'${process.execPath}' '${recipe(name)}' ${args.join(" ")}`;

// An emulated Node needs long to start.
const timeout = 180_000;

// The recipes are programs for Node: they print with its console.log(), and pass on its net.Socket.
describe.skipIf(isBun || isDeno)("recipes", { timeout }, () => {
  test("sd-notify.mjs stores its listening socket, then says that it is ready", async () => {
    await counted(async () => {
      const path = join(directory, "notify");
      const manager = await Socket.bind({ path }, { type: "dgram", receive: ["credentials"], maxFds: 1 });
      const outcome = run([`NOTIFY_SOCKET=${path}`, process.execPath, recipe("sd-notify.mjs")], "env");
      const stored = await manager.recvmsg();
      expect(`${stored.data}`).toBe("FDSTORE=1\nFDNAME=http");
      const ready = await manager.recvmsg();
      expect(await outcome).toEqual(good(""));
      expect(ready.fds).toEqual([]);
      // The service has ended, and its port is still open.
      const kept = Listener.from(stored.takeFds()[0]!);
      expect(`${ready.data}`).toBe(
        `READY=1\nSTATUS=listening on port ${(kept.getsockname() as { port: number }).port}`,
      );
      await (await Socket.connect(kept.getsockname())).close();
      await Promise.all([kept.close(), manager.close()]);
    });
  });

  test("sd-notify.mjs does nothing without systemd", async () => {
    expect(await run([recipe("sd-notify.mjs")])).toEqual(good(""));
  });

  test("socket-activation.mjs serves on the sockets that were passed, and not on another process's", async () => {
    const listeners = [];
    for (const name of ["one", "two"]) listeners.push(await Listener.listen({ path: join(directory, name) }));
    const env = { ...process.env, LISTEN_FDS: "2", LISTEN_FDNAMES: "one:two" };
    const stdio = ["ignore", "pipe", "pipe", ...listeners.map(({ fd }) => fd)] as const;
    const command = `LISTEN_PID=$$ exec ${nodeCommand("socket-activation.mjs")}`;
    const child: ChildProcess = spawn("sh", ["-c", command], { env, stdio: [...stdio] });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const received = [];
    for (const name of ["one", "two"]) {
      const client = await Socket.connect({ path: join(directory, name) });
      const message = await client.recvmsg();
      received.push(`${message.data}`);
      await client.close();
    }
    expect(received).toEqual(["hello from one\n", "hello from two\n"]);
    expect(await ended).toBe(0);
    for (const listener of listeners) await listener.close();
    expect(
      await run(["LISTEN_PID=1", "LISTEN_FDS=1", process.execPath, recipe("socket-activation.mjs")], "env"),
    ).toEqual(good(""));
  });

  skipUnless("there is no systemd-socket-activate here", activator !== undefined)(
    "socket-activation.mjs works with systemd's own program",
    async () => {
      const path = join(directory, "socket");
      const options = [`--listen=${path}`, "--fdname=one", process.execPath, recipe("socket-activation.mjs")];
      const child = spawn(activator!, options, { stdio: ["ignore", "ignore", "pipe"] });
      const ended = new Promise((resolve) => child.on("exit", resolve));
      // It says on standard error that it listens, and starts Node when somebody connects.
      let errors = "";
      for await (const text of child.stderr.setEncoding("utf8")) {
        errors += text;
        if (!/^Listening on .*\n/m.test(errors)) continue;
        const client = await Socket.connect({ path });
        expect(`${(await client.recvmsg()).data}`).toBe("hello from one\n");
        await client.close();
        break;
      }
      expect(await ended).toBe(0);
    },
  );

  withNetlink("netlink-dump.mjs prints the addresses that Node knows, too", async () => {
    const { output, ...outcome } = await run([recipe("netlink-dump.mjs")]);
    expect(outcome).toEqual({ code: 0, errors: "" });
    const ipv4 = Object.values(networkInterfaces()).flatMap((all) =>
      all!.filter(({ family }) => family === "IPv4"),
    );
    for (const { cidr } of ipv4) expect(output).toContain(`: ${cidr}\n`);
    expect(output).toMatch(/^lo: 127\.0\.0\.1\/8$/m);
  });

  withNamespaces("netlink-monitor.mjs tells that an interface comes, goes up, and goes", async () => {
    const child = spawn(
      "unshare",
      [
        "-n",
        "sh",
        "-c",
        `${nodeCommand("netlink-monitor.mjs")} & read line; ip link add name v type veth peer name w; ip link set v up; ip link del v; read line; kill -INT $!; wait`,
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const ended = new Promise((resolve) => child.on("exit", resolve));
    let output = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      output += text;
      if (output === "watching\n") child.stdin.write("\n");
      else if (output.includes("v is gone\n") && !child.stdin.writableEnded) child.stdin.end("\n");
    }
    expect(output).toMatch(/^watching\n/);
    expect(output).toMatch(/^v is down\n(?:.*\n)*v is up\n(?:.*\n)*v is gone$/m);
    expect(await ended).toBe(0);
  });

  onRealKernel("traceroute.mjs ends at the target", async () => {
    expect(await run([recipe("traceroute.mjs")])).toEqual(good(matching(/^1 127\.0\.0\.1 [\d.]+ ms\n$/)));
  });

  withIpv6("traceroute.mjs does the same by IPv6", async () => {
    expect(await run([recipe("traceroute.mjs"), "::1"])).toEqual(good(matching(/^1 ::1 [\d.]+ ms\n$/)));
  });

  withNamespaces("traceroute.mjs finds the router on the way", async () => {
    // This namespace, a router's and the target's.
    const outcome = await inNamespace(`
      for holder in router target; do
        unshare -n sleep 1000 & eval $holder=$!
      done
      trap 'kill $router $target' EXIT
      # Until both are in namespaces of their own.
      for pid in $router $target; do
        while [ "$(readlink /proc/$pid/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
      done
      at() { nsenter -t $1 -n sh -ec "$2"; }
      ip link add name near type veth peer name left netns $router
      at $router "ip link add name right type veth peer name far netns $target"
      ip addr add 10.0.1.1/24 dev near; ip link set near up; ip route add default via 10.0.1.2
      at $router 'ip addr add 10.0.1.2/24 dev left; ip addr add 10.0.2.1/24 dev right
        ip link set left up; ip link set right up; echo 1 > /proc/sys/net/ipv4/ip_forward'
      at $target 'ip addr add 10.0.2.2/24 dev far; ip link set far up; ip route add default via 10.0.2.1'
      ${nodeCommand("traceroute.mjs", "10.0.2.2")}`);
    expect(outcome).toEqual(good(matching(/^1 10\.0\.1\.2 [\d.]+ ms\n2 10\.0\.2\.2 [\d.]+ ms\n$/)));
  });

  withNamespaces("ping.mjs gets three answers where the range of groups permits it", async () => {
    const outcome = await inNamespace(
      `echo "0 0" > /proc/sys/net/ipv4/ping_group_range; ${nodeCommand("ping.mjs")}`,
    );
    const line = (sequence: number): string =>
      `16 bytes from 127\\.0\\.0\\.1: sequence ${sequence}, ttl 64, [\\d.]+ ms\\n`;
    expect(outcome).toEqual(good(matching(new RegExp(`^${[1, 2, 3].map(line).join("")}$`))));
  });

  withNamespaces("ping.mjs fails with EACCES where the range permits nobody", async () => {
    const { errors, ...outcome } = await inNamespace(
      `echo "1 0" > /proc/sys/net/ipv4/ping_group_range; ${nodeCommand("ping.mjs")}`,
    );
    expect(outcome).toEqual({ code: 1, output: "" });
    expect(errors).toContain("EACCES");
  });

  onRealKernel("timestamps.mjs has both times of each packet", async () => {
    const line = (i: number): string => `packet ${i}: report ${i}, \\d+ ns between the two\\n`;
    expect(await run([recipe("timestamps.mjs")])).toEqual(
      good(matching(new RegExp(`^${[0, 1, 2].map(line).join("")}$`))),
    );
  });

  onRealKernel("by-connection-id.mjs gives each thread its clients, wherever they send from", async () => {
    expect(await run([join(repository, "examples/reuse-port", "by-connection-id.mjs")])).toEqual(
      good("thread 0 serves the clients 0, 2, 4, 6\nthread 1 serves the clients 1, 3, 5, 7\n"),
    );
  });

  onRealKernel("multicast.mjs reaches both members", async () => {
    const line = "hello, all (from 127.0.0.1 to 239.255.77.77)\n";
    expect(await run([recipe("multicast.mjs")])).toEqual(good(line + line));
  });

  onRealKernel("answer-from.mjs answers from the address that was asked", async () => {
    expect(await run([recipe("answer-from.mjs")])).toEqual(good("you asked 127.0.0.2\n"));
  });

  test.each([
    ["worker.mjs", '"who serves me?": a worker\n'],
    ["child.mjs", 'the child got "a file" and 1 descriptor\n'],
    ["check-credentials.mjs", "hello, my own process\n"],
    ["hand-over.mjs", '"hello" is answered by the other process\n'],
  ])("%s", async (name, output) => {
    expect(await run([recipe(name)])).toEqual(good(output));
  });

  withVsock(`vsock.mjs connects this machine to itself, ${REAL_KERNEL}`, async () => {
    expect(await run([recipe("vsock.mjs")])).toEqual(good('"hello" from machine 1\n'));
  });

  /** The fields of a journal entry: https://systemd.io/JOURNAL_NATIVE_PROTOCOL */
  function fieldsOf(entry: Buffer): Record<string, string> {
    const fields: Record<string, string> = {};
    for (let at = 0; at < entry.length; ) {
      const end = entry.indexOf("\n", at);
      const equals = entry.subarray(at, end).indexOf("=");
      if (equals >= 0) {
        fields[entry.toString("utf8", at, at + equals)] = entry.toString("utf8", at + equals + 1, end);
        at = end + 1;
      } else {
        const length = Number(entry.readBigUInt64LE(end + 1));
        fields[entry.toString("utf8", at, end)] = entry.toString("utf8", end + 9, end + 9 + length);
        at = end + 9 + length + 1;
      }
    }
    return fields;
  }

  test("journal.mjs sends a short entry as bytes, and a long one as a file without a name", async () => {
    await counted(async () => {
      const path = join(directory, "journal");
      const journald = await Socket.bind({ path }, { type: "dgram", maxFds: 1 });
      const outcome = run([recipe("journal.mjs"), path]);
      const messages: Message[] = [await journald.recvmsg(), await journald.recvmsg()];
      expect(await outcome).toEqual(good(""));
      const [short, long] = messages as [Message, Message];
      expect([short.fds.length, long.fds.length, long.data.length]).toEqual([0, 1, 0]);
      expect(fieldsOf(short.data)).toEqual({ MESSAGE: "hello", PRIORITY: "6" });
      const [file] = long.takeFds();
      const entry = readFileSync(`/proc/self/fd/${file!.fd}`);
      expect(fieldsOf(entry)).toEqual({ MESSAGE: `a long entry\n${"x".repeat(1_000_000)}`, PRIORITY: "6" });
      file!.close();
      await journald.close();
    });
    expect(readdirSync("/dev/shm").filter((name) => name.startsWith("journal-"))).toEqual([]);
  });

  withPython("python.mjs passes a file each way", async () => {
    const size = readFileSync(recipe("python.mjs")).length;
    expect(await run([recipe("python.mjs")])).toEqual(
      good(
        matching(
          new RegExp(
            `^Python got b'a file' and a file of ${size} bytes\\nNode got "my name": python3?.*\\n$`,
          ),
        ),
      ),
    );
  });
});

describe.skipIf(isBun || isDeno)("packets", { timeout }, () => {
  test.each([
    ["single.mjs", "first from 127.0.0.1\nlast from 127.0.0.1\n"],
    ["batch.mjs", "100 even numbers up to 198, 100 odd numbers up to 199\n"],
  ])("%s", async (name, output) => {
    expect(await run([packets(name)])).toEqual(good(output));
  });

  onRealKernel("offload.mjs receives joined datagrams, and cuts them apart", async () => {
    expect(await run([packets("offload.mjs")])).toEqual({
      code: 0,
      output: "48 datagrams\n",
      errors: matching(/^messages: \d+; datagrams cut by the kernel: \d+, by the library: \d+\n$/),
    });
  });

  onRealKernel("batch-of-offload.mjs sends to several receivers", async () => {
    expect(await run([packets("batch-of-offload.mjs")])).toEqual(
      good("10 datagrams to each of 4 receivers: 11800, 11800, 11800, 11800 bytes\n"),
    );
  });
});

describe.skipIf(isBun || isDeno)("throughput", { timeout }, () => {
  onRealKernel("loss.mjs accounts for every datagram, and loses fewer with a larger buffer", async () => {
    const { output, ...outcome } = await run([throughput("loss.mjs")]);
    expect(outcome).toEqual({ code: 0, errors: "" });
    const [byDefault, larger] = [
      ...output.matchAll(/^rcvBuf \d+: (\d+) received, (\d+) lost \(drops: (\d+)\)$/gm),
    ].map(([, received, lost, drops]) => ({
      received: Number(received),
      lost: Number(lost),
      drops: Number(drops),
    }));
    expect(byDefault!.lost).toBeGreaterThan(0);
    for (const { received, lost, drops } of [byDefault!, larger!])
      expect([received + lost, drops]).toEqual([5000, lost]);
    // net.core.rmem_max may permit no more than the default.
    expect(larger!.lost).toBeLessThanOrEqual(byDefault!.lost);
  });

  onRealKernel("reuse-port.mjs receives all, in two threads", async () => {
    const { errors, ...outcome } = await run([throughput("reuse-port.mjs")]);
    expect(outcome).toEqual({ code: 0, output: "320 datagrams from 32 senders\n" });
    const counts = [...errors.matchAll(/thread \d: (\d+)/g)].map(([, count]) => Number(count));
    expect(counts.reduce((sum, count) => sum + count)).toBe(320);
    for (const count of counts) expect(count).toBeGreaterThan(0);
  });

  // A booted kernel of another architecture would need long for it.
  test.skipIf(isEmulated())("bench/throughput.mjs measures every way", async () => {
    const { output, ...outcome } = await run([join(repository, "bench/throughput.mjs"), "1", "1"]);
    expect(outcome).toEqual({ code: 0, errors: "" });
    const measured = [...output.matchAll(/^\| ((?:receive|send): .*?) \| [\d.]+ \| [\d.]+ \| [\d.]+ \|$/gm)];
    const shown = [...textOf("docs/throughput.md").matchAll(/^\| ((?:receive|send): .*?) \|/gm)];
    expect(measured.map(([, way]) => way)).toEqual(shown.map(([, way]) => way));
  });
});
