import { beforeAll, describe, expect, it } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";
import { skipUnless } from "../support/skip-unless.js";

const inNode = skipUnless("Bun and Deno have no util.debuglog().enabled", !isBun && !isDeno);

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** The stacks of errors of waiting calls. Each call was made by a function of its own. */
const program = `
  const [a, b] = lib.socketpair();
  const listener = await lib.Listener.listen({ family: "unix" });
  const udp = await lib.Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
  keep(b);
  const failing = [];
  const fails = (promise) => failing.push(promise.catch(({ code, stack }) => console.log(code, /\\bwho\\w+/.exec(stack)?.[0])));
  async function whoReceives() { await a.recvmsg(); }
  async function whoSends() { await a.sendmsg({ data: Buffer.alloc(1 << 22) }); }
  async function whoReadsErrors() { await udp.recvError(); }
  async function whoAccepts() { await listener.accept(); }
  for (const begin of [whoReceives, whoSends, whoReadsErrors, whoAccepts]) fails(begin());
  setImmediate(() => { for (const each of [a, udp, listener]) each.close(); });
  await Promise.all(failing);`;

const CLOSED = "ERR_SENDMSG_CLOSED";

describe("the stack of an error after a wait", () => {
  inNode("names the caller with NODE_DEBUG=sendmsg", () => {
    // Instead of the system calls, which NODE_DEBUG=sendmsg prints to stderr.
    const silently = `process.stderr.write = () => true; ${program}`;
    const said = run(dist, silently, { env: { NODE_DEBUG: "sendmsg" } });
    expect(said.split("\n").sort()).toEqual(
      ["Accepts", "ReadsErrors", "Receives", "Sends"].map((who) => `${CLOSED} who${who}`),
    );
  });

  it("does not name the caller otherwise", () => {
    const said = run(dist, program, { env: { NODE_DEBUG: "" } });
    expect(said.split("\n")).toEqual(new Array(4).fill(`${CLOSED} undefined`));
  });
});
