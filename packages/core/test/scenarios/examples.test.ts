import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { transformWithEsbuild } from "vite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { socketpair } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { counted } from "../support/counted.js";
import { evaluate } from "../support/evaluate.js";
import { type Outcome, repository, run } from "../support/pages.js";
import { onRealKernel, withFiles, withHttpServer } from "../support/skip-unless.js";
import { isEmulated } from "../support/target.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sendmsg-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs Node in the repository, with its own temporary folder. */
const node = (...args: string[]): Promise<Outcome> => run(args, process.execPath, { TMPDIR: directory });

/** Runs an example alone. It must end by itself without an error, and leave no file. */
async function example(...args: string[]): Promise<string> {
  const outcome = await node(...args);
  expect(outcome).toMatchObject({ code: 0, errors: "" });
  expect(readdirSync(directory), "files left behind").toEqual([]);
  return outcome.output;
}

// An emulated Node needs long to start.
const timeout = 180_000;

describe("examples", { timeout }, () => {
  withFiles("pass.mjs: send.mjs passes a file to receive.mjs", async () => {
    const file = fileURLToPath(import.meta.url);
    const output = await example("examples/pass.mjs", file);
    expect(output).toContain(`received examples.test.ts: ${readFileSync(file).length} bytes`);
    expect(output).toContain("sent examples.test.ts; the receiver says: thank you");
  });

  test("credentials.mjs tells who is at the other end, three times the same", async () => {
    const output = await example("examples/credentials.mjs");
    const { pid } = /^connected: pid (?<pid>\d+), uid \d+, gid \d+$/m.exec(output)!.groups!;
    expect(output).toContain(`"I am ${pid}" was sent by: pid ${pid}, uid ${process.getuid!()}`);
    expect(output).toMatch(new RegExp(`its pidfd is of process ${pid}$|Linux has it since 6\\.5$`, "m"));
  });

  test("dgram.mjs answers each datagram, over Unix paths and both versions of IP", async () => {
    const lines = (await example("examples/dgram.mjs")).split("\n");
    expect(lines.slice(0, 4).map((line) => line.replace(/^.* got /, ""))).toEqual([
      "5 bytes, descriptors: 0",
      "0 bytes, descriptors: 0",
      "6 bytes, descriptors: 1",
      "100000 bytes, descriptors: 0",
    ]);
    expect(lines[4]).toMatch(/^127\.0\.0\.1 port \d+ got 5 bytes/);
    expect(lines[5]).toMatch(/^127\.0\.0\.1 port \d+ got 14 bytes/);
    expect(lines[6]).toMatch(/^::1 port \d+ got 5 bytes|^there is no ipv6 on this machine/);
  });

  // User-mode emulation does not deliver the error queue.
  test.skipIf(isEmulated())(
    "packets.mjs reads headers and hears of lost packets, by both versions of IP, on a real kernel",
    async () => {
      const lines = (await example("examples/packets.mjs")).trimEnd().split("\n");
      expect(lines).toEqual([
        "marked to 127.0.0.1: ECN 2, DSCP 46, hop limit 7",
        '"lost" was not delivered: ECONNREFUSED',
        "marked to ::1: ECN 2, DSCP 46, hop limit 7",
        '"lost" was not delivered: ECONNREFUSED',
      ]);
    },
  );

  test.skipIf(isEmulated())(
    "one-way-delay.mjs has both times of each datagram, in their order, on a real kernel",
    async () => {
      const lines = (await example("examples/one-way-delay.mjs")).trimEnd().split("\n");
      expect(lines).toHaveLength(10);
      for (const [i, line] of lines.entries()) {
        // No minus: a datagram leaves after the call, and arrives after it has left.
        expect(line).toMatch(new RegExp(`^packet ${i}: left \\d+ ns after the call, one-way delay \\d+ ns$`));
      }
    },
  );

  test("udp-echo.mjs answers from the address that was asked, by both versions of IP", async () => {
    const lines = (await example("examples/udp-echo.mjs")).trimEnd().split("\n");
    expect(lines).toEqual([
      "127.0.0.2 answered hello, ECN 2",
      "5 datagrams came back, complete",
      "::1 answered hello, ECN 2",
      "5 datagrams came back, complete",
    ]);
  });

  test("frames.mjs keeps each frame's descriptors with it", async () => {
    expect(await example("examples/frames.mjs")).toBe(
      "no descriptor\none descriptor: one\n500000 bytes\ntwo descriptors: two, three\n",
    );
  });

  withFiles("child.mjs: a parent and its child pass each other files", async () => {
    const output = await example("examples/child.mjs");
    const { groups } =
      /^the parent sent this program: \/\/ (?<first>.*)\nthe child sent its name: \S+\nthe child ended with 0\n$/.exec(
        output,
      )!;
    const text = readFileSync(join(repository, "examples/child.mjs"), "utf8");
    expect(text.startsWith(`// ${groups!.first}\n`)).toBe(true);
  });

  withHttpServer("handover: three servers, no request fails", async () => {
    const output = await example("examples/handover/run.mjs");
    expect(output).toMatch(/^\d+ requests: \d+ answered by server 1, \d+ .* server 2, \d+ .* server 3$/m);
    expect(output).toMatch(/^0 failed; /m);
  });

  // recipes.test.ts runs those in recipes, packets, throughput and reuse-port.
  test("every example is run here", () => {
    const runHere = readFileSync(fileURLToPath(import.meta.url), "utf8");
    for (const name of readdirSync(join(repository, "examples"))) expect(runHere).toContain(name);
  });
});

describe("what the documents show", { timeout }, () => {
  /** A document's code blocks, changed to run where `using` is unknown. */
  async function codeOf(document: string, replacements: Record<string, string>): Promise<string[]> {
    const text = readFileSync(join(repository, document), "utf8");
    const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);
    const codes = [];
    for (const block of blocks) {
      let code = block;
      for (const [from, to] of Object.entries(replacements)) code = code.replaceAll(from, to);
      codes.push((await transformWithEsbuild(code, "block.js", { target: "es2022" })).code);
    }
    return codes;
  }

  withFiles("README.md: the first two programs pass a file", async () => {
    const log = join(directory, "app.log");
    const path = join(directory, "app.sock");
    writeFileSync(log, "what the log says");
    const [receive, send] = await codeOf("README.md", {
      "app.sock": path,
      "process.argv[1]": JSON.stringify(log),
    });
    const receiving = node(...evaluate(receive!));
    while (!existsSync(path)) {
      const ended = await Promise.race([receiving, pause(10)]);
      if (ended) expect(ended).toMatchObject({ code: 0, errors: "" });
    }
    // The path exists a moment before the server listens.
    let sent: Outcome;
    do sent = await node(...evaluate(send!));
    while (sent.errors.includes("ECONNREFUSED"));
    expect(sent).toEqual({ code: 0, output: "", errors: "" });
    const output = 'waiting for send.mjs\n"my file" brought 1 descriptor\nwhat the log says';
    expect(await receiving).toEqual({ code: 0, output, errors: "" });
  });

  test("docs/syscalls.md: the first program runs", async () => {
    const [code] = await codeOf("docs/syscalls.md", {});
    expect(await node(...evaluate(code!))).toEqual({ code: 0, output: "", errors: "" });
  });

  onRealKernel("docs/reuse-port.md: the first program runs", async () => {
    const [code] = await codeOf("docs/reuse-port.md", {});
    expect(await node(...evaluate(code!))).toEqual({ code: 0, output: "", errors: "" });
  });

  withFiles("docs/framing.md: each program prints what it says", async () => {
    const outputs = [];
    for (const code of await codeOf("docs/framing.md", {})) {
      const { code: status, output, errors } = await node(...evaluate(code));
      expect({ status, errors }).toEqual({ status: 0, errors: "" });
      outputs.push(output);
    }
    expect(outputs).toEqual([
      "hello\nworld\n",
      "file: MIT License\n",
      "HELLO\none\ntwo\nGOODBYE\n",
      "one, descriptors: 0\n+two, descriptors: 1\nthree, descriptors: 0\n",
      "upgrade\nand then more\n",
    ]);
  });

  test("docs/streams.md: the protocol keeps the descriptors of each frame", async () => {
    const [sendFrame, receive] = await codeOf("docs/streams.md", {});
    const code = `
      import { socketpair } from "sendmsg";
      ${sendFrame}
      const [sender, socket] = socketpair();
      function handle(body, fds) {
        console.log(String(body), fds.length);
        for (const fd of fds) fd.close();
      }
      await sendFrame(sender, "one", [0]);
      await sendFrame(sender, "none");
      await sendFrame(sender, "two", [0, 0]);
      await sender.close();
      ${receive}
      await socket.close();`;
    expect(await node(...evaluate(code))).toEqual({ code: 0, output: "one 1\nnone 0\ntwo 2\n", errors: "" });
  });

  test("docs/runtimes.md: the HTTP server on a descriptor answers", async () => {
    const [server] = await codeOf("docs/runtimes.md", { "port: 8080": "port: 0" });
    const code = `
      ${server}
      const sent = Listener.from(listening);
      const { port } = sent.getsockname();
      await sent.close();
      const response = await fetch("http://127.0.0.1:" + port);
      process.stdout.write(await response.text(), () => process.exit());`;
    expect(await node(...evaluate(code))).toEqual({ code: 0, output: "hello", errors: "" });
  });

  // Bun and Deno print objects in their own ways.
  test.skipIf(isBun || isDeno)("docs/debugging.md: the program counts what it sends", async () => {
    const [code] = await codeOf("docs/debugging.md", {});
    const outcome = await node(...evaluate(code!));
    expect(outcome).toMatchObject({ code: 0, errors: "" });
    const [first, ...rest] = outcome.output.trimEnd().split("\n");
    expect(first).toMatch(/^received hello after [\d.]+ ms$/);
    expect(rest).toEqual(["{ messages: 1, bytes: 5, failures: 1 }"]);
  });

  test.each([
    [100, "aaaabbb+1 ccccdddd+1 ee"],
    [6, "aaaabb+1 bccccd+1 dddee"],
    [3, "aaa abb+1 bcc ccd+1 ddd ee"],
  ])("docs/streams.svg: what comes with room for %i bytes", async (size, expected) => {
    await counted(async () => {
      const [sender, receiver] = socketpair("stream");
      for (const data of ["aaaa", "bbb", "cccc", "dddd", "ee"]) {
        await sender.sendmsg({ data, fds: data === "bbb" || data === "dddd" ? [0] : [] });
      }
      await sender.close();
      const received: string[] = [];
      for await (const message of receiver.messages({ size, maxFds: 253 })) {
        received.push(`${message.data}${message.fds.length > 0 ? `+${message.fds.length}` : ""}`);
        message[Symbol.dispose]();
      }
      await receiver.close();
      expect(received.join(" ")).toBe(expected);
    });
  });

  const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/README.md"].concat(
    readdirSync(join(repository, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  );

  /** The anchors that GitHub makes for the headings of a document. */
  function anchorsOf(document: string): Set<string> {
    const anchors = new Set<string>();
    const text = readFileSync(document, "utf8").replaceAll(/^```.*?^```$/gms, "");
    for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
      const letters = heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "");
      anchors.add(letters.replaceAll(" ", "-"));
    }
    return anchors;
  }

  // README.md says beside its programs that `using` needs Node 24. The programs of the guides run as they are.
  // Other tests run all programs of these guides.
  const runElsewhere = [
    "docs/addresses.md",
    "docs/recipes.md",
    "docs/throughput.md",
    "docs/reuse-port.md",
    "docs/udp.md",
  ];
  const guides = documents.filter(
    (document) => document.startsWith("docs/") && !runElsewhere.includes(document),
  );
  test.each(guides)("%s: every program can be parsed by this Node", (document) => {
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    for (const [, code] of readFileSync(join(repository, document), "utf8").matchAll(
      /^```js\n(.*?)^```$/gms,
    )) {
      // A function's body has all the syntax of a module except imports. docs/control-messages.md shows values: objects.
      const body = code!.startsWith("{") ? `(${code})` : code!.replaceAll(/^import .*$/gm, "");
      expect(() => new AsyncFunction(body), body).not.toThrow();
    }
  });

  test.each(documents)("%s: links lead to files and headings", (document) => {
    const text = readFileSync(join(repository, document), "utf8");
    const broken = [];
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target!.split("#");
      const file = path === "" ? join(repository, document) : join(repository, document, "..", path!);
      if (!existsSync(file)) broken.push(target);
      else if (anchor !== undefined && !anchorsOf(file).has(anchor)) broken.push(target);
    }
    expect(broken).toEqual([]);
  });
});
