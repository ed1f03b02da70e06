import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import { checkObject } from "../src/arguments.js";
import { decodeControl, encodeControl } from "../src/control/index.js";
import {
  frames,
  Listener,
  Message,
  packetControl,
  packetInfoNames,
  Socket,
  StreamReader,
  socketpair,
  socketpairForChild,
} from "../src/index.js";
import { keysNamed, keysOf } from "../src/known-keys.js";
import { decodeOption, encodeOption } from "../src/options/index.js";
import * as syscalls from "../src/syscalls/index.js";
import { MemoryListener, memorySocketpair } from "../src/testing/index.js";
import { counted } from "./support/counted.js";
import { freshPath } from "./support/fresh-places.js";
import { rejection, thrown } from "./support/outcome.js";
import { withPair } from "./support/pairs.js";

const KEYS = keysNamed(["data", "fds", "control", "address", "flags"]);
const checked = (value: { data?: unknown }) => checkObject("message", value, KEYS);
const refusal = (value: object) => thrown(() => checked(value)).message;

describe("an unknown key of a plain object", () => {
  test("is a TypeError that names the object, the key and the nearest key", () => {
    expect(thrown(() => checkObject("options", { recieve: [] }, keysNamed(["receive"])))).toMatchObject({
      name: "TypeError",
      code: "ERR_INVALID_ARG_VALUE",
      argument: "options",
      message: 'The "options" argument has no option "recieve". Did you mean "receive"?',
    });
    expect(refusal({ dta: "x" })).toBe('The "message" argument has no property "dta". Did you mean "data"?');
  });

  test("that is near to none makes the error list the keys, if they are few", () => {
    expect(refusal({ nonsense: 1 })).toBe(
      'The "message" argument has no property "nonsense". It can have "data", "fds", "control", "address" and "flags"',
    );
    expect(thrown(() => checkObject("x", { a: 1 }, keysNamed(["signal"]))).message).toBe(
      'The "x" argument has no property "a". It can have only "signal"',
    );
    const many = keysNamed(Array.from({ length: 20 }, (_, i) => `property${i}`));
    expect(thrown(() => checkObject("x", { nonsense: 1 }, many)).message).toBe(
      'The "x" argument has no property "nonsense"',
    );
  });

  test.each([
    ["body", "data"],
    ["Buffer", "data"],
    ["fd", "fds"],
    ["handles", "fds"],
    ["host", "address"],
    ["cmsg", "control"],
  ])("%s is what others call %s", (given, name) => {
    expect(refusal({ [given]: 1 })).toBe(
      `The "message" argument has no property "${given}". Did you mean "${name}"?`,
    );
  });

  test("timeout: the error says how a signal limits the time", () => {
    expect(thrown(() => checkObject("options", { timeout: 5 }, keysNamed(["signal"]))).message).toBe(
      'The "options" argument has no option "timeout". Use "signal": AbortSignal.timeout(milliseconds)',
    );
  });

  test("counts as absent if its value is undefined: addresses from a configuration have all keys", () => {
    const at = { path: "/x", abstract: undefined, host: undefined, port: undefined };
    expect(encodeAddress(at as never)).toEqual(encodeAddress({ path: "/x" }));
    expect(refusal({ dat: undefined, dta: 1 })).toContain('"dta"');
  });

  test("is refused in objects without prototype, frozen ones, and those of another realm", () => {
    expect(refusal(Object.assign(Object.create(null), { dta: 1 }))).toContain('"dta"');
    expect(refusal(Object.freeze({ dta: 1 }))).toContain('"dta"');
    expect(refusal(runInNewContext("({ dta: 1 })"))).toContain('"dta"');
    expect(refusal(JSON.parse('{"__proto__": 1}'))).toContain('"__proto__"');
    expect(refusal({ toString: 1 })).toContain('"toString"');
    expect(refusal({ 0: "x" })).toContain('"0"');
  });

  test("is found among a hundred thousand, and shown cut and escaped", () => {
    const keys = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, i]));
    expect(refusal(keys)).toContain('no property "k0"');
    expect(refusal({ ["x".repeat(1e6)]: 1 })).toContain(`no property "${"x".repeat(48)}...". It can`);
    expect(refusal({ ["\u{1f600}".repeat(60)]: 1 })).toContain(`"${"\u{1f600}".repeat(48)}..."`);
    expect(refusal({ 'a"\n\ud800': 1 })).toContain('no property "a\\"\\n\\ud800"');
  });

  test("of a getter is refused, and the getter not called", () => {
    let calls = 0;
    const value = {
      get dta() {
        calls++;
        return 1;
      },
    };
    expect(refusal(value)).toContain('"dta"');
    expect(calls).toBe(0);
  });

  test("of a Proxy is refused. What its traps throw is thrown", () => {
    expect(refusal(new Proxy({ dta: 1 }, {}))).toContain('"dta"');
    const boom = () => {
      throw new Error("boom");
    };
    expect(refusal(new Proxy({}, { ownKeys: boom }))).toBe("boom");
    expect(refusal(new Proxy({ dta: 1 }, { getPrototypeOf: boom }))).toBe("boom");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(thrown(() => checked(proxy)).name).toBe("TypeError");
  });
});

describe("keys are not checked", () => {
  class Mine {
    data = "x";
    mine = 1;
  }

  test.each([
    ["of a class's instance", new Mine()],
    ["of an object with defaults", Object.assign(Object.create({ data: "x" }), { mine: 1 })],
    [
      "of an object whose defaults have no prototype",
      Object.create(Object.assign(Object.create(null), { mine: 1 })),
    ],
    ["that are symbols", { [Symbol("mine")]: 1 }],
    ["that can't be enumerated", Object.defineProperty({}, "mine", { value: 1 })],
  ])("%s", (_, value) => {
    expect(checked(value)).toBe(value);
  });
});

describe("a property of Object.prototype", () => {
  const every = Object.prototype as Record<string, unknown>;
  afterEach(() => {
    delete every.polluted;
    delete every.data;
  });

  test("is no key of the object, and makes no key known", () => {
    every.polluted = true;
    const [own, other] = [{ polluted: 1 }, { data: "x" }];
    const message = refusal(own);
    const { data } = checked(other);
    delete every.polluted;
    expect(message).toContain('no property "polluted"');
    expect(data).toBe("x");
  });

  test("does not hide a wrong key", () => {
    every.data = "polluted";
    const message = refusal({ dta: 1 });
    delete every.data;
    expect(message).toContain('"dta"');
  });
});

test("the keys of a type are complete", () => {
  keysOf<{ a: 1; b?: 2 }>({ a: true, b: true });
  // @ts-expect-error: "b" is missing.
  keysOf<{ a: 1; b?: 2 }>({ a: true });
  // @ts-expect-error: "c" is too much.
  keysOf<{ a: 1; b?: 2 }>({ a: true, b: true, c: true });
  // @ts-expect-error: the other member of the union has "b".
  keysOf<{ a: 1 } | { b: 2 }>({ a: true });
});

/** Each public function that takes an object, called with a wrong key. `value` has the key. */
const wrong = { wrongKey: 1 } as never;
const at = { address: "127.0.0.1", port: 0 };
const bytes = new Uint8Array(64);
const CALLS: readonly [name: string, call: (a: Socket, b: Socket) => unknown, argument: string][] = [
  ["Socket.connect", () => Socket.connect(at, wrong), "options"],
  ["Socket.bind", () => Socket.bind(at, wrong), "options"],
  ["Socket.open", () => Socket.open({ family: "unix", wrongKey: 1 } as never), "options"],
  ["Socket.from", () => Socket.from(0, wrong), "options"],
  ["Listener.listen", () => Listener.listen(at, wrong), "options"],
  ["Listener.from", () => Listener.from(0, wrong), "options"],
  ["socketpair", () => socketpair("stream", wrong), "options"],
  ["writable", (a) => a.writable(wrong), "options"],
  ["testing: writable", () => memorySocketpair()[0].writable(wrong), "options"],
  ["socketpairForChild", () => socketpairForChild("stream", wrong), "options"],
  ["detach", (a) => a.detach(wrong), "options"],
  ["StreamReader", (a) => new StreamReader(a, wrong), "options"],
  ["StreamReader.need", (a) => new StreamReader(a).need(1, wrong), "options"],
  ["frames", (a) => frames(a, wrong).next(), "options"],
  ["Socket.connect, address", () => Socket.connect({ ...at, wrongKey: 1 } as never), "to"],
  ["Socket.bind, address", () => Socket.bind({ path: freshPath(), wrongKey: 1 } as never), "at"],
  ["Listener.listen, address", () => Listener.listen({ ...at, wrongKey: 1 } as never), "at"],
  ["bind", (a) => a.bind({ abstract: "x" }, wrong), "options"],
  ["bind, address", (a) => a.bind({ abstract: "x", wrongKey: 1 } as never), "at"],
  ["connect, address", (a) => a.connect({ path: "x", wrongKey: 1 } as never), "to"],
  ["connect", (a) => a.connect(at, wrong), "options"],
  ["sendmsg", (a) => a.sendmsg({ data: "x", wrongKey: 1 } as never), "message"],
  ["sendmsg, options", (a) => a.sendmsg({ data: "x" }, wrong), "options"],
  ["trySendmsg", (a) => a.trySendmsg({ data: "x", wrongKey: 1 } as never), "message"],
  [
    "sendmsg, address",
    (a) => a.sendmsg({ data: bytes, address: { path: "x", wrongKey: 1 } as never }),
    "message.address",
  ],
  ["recvmsg", (a) => a.recvmsg(wrong), "options"],
  ["tryRecvmsg", (a) => a.tryRecvmsg(wrong), "options"],
  ["recvError", (a) => a.recvError(wrong), "options"],
  ["errors", (a) => a.errors(wrong).next(), "options"],
  ["messages", (a) => a.messages(wrong).next(), "options"],
  ["Message.from", () => Message.from(wrong), "init"],
  ["packetControl", () => packetControl(wrong, "ipv4"), "settings"],
  ["packetControl, address", () => packetControl({}, { ...at, wrongKey: 1 } as never), "to"],
  ["packetInfoNames", () => packetInfoNames("ipv4", wrong), "options"],
  ["encodeAddress", () => encodeAddress({ path: "x", wrongKey: 1 } as never), "address"],
  ["encodeControl", () => encodeControl([], wrong), "options"],
  ["decodeControl", () => decodeControl(bytes, wrong), "options"],
  [
    "a control message",
    () => encodeControl([{ name: "ipTtl", value: 1, wrongKey: 1 } as never]),
    "control[0]",
  ],
  ["descriptors", () => encodeControl([{ name: "rights", value: [0], wrongKey: 1 } as never]), "control[0]"],
  [
    "an unknown control message",
    () => encodeControl([{ name: "unknown", level: 1, type: 1, data: bytes, wrongKey: 1 } as never]),
    "control[0]",
  ],
  [
    "a control message's value",
    () => encodeControl([{ name: "credentials", value: { pid: 1, uid: 1, gid: 1, wrongKey: 1 } as never }]),
    "control[0].value",
  ],
  ["encodeOption", () => encodeOption("rcvBuf", 1, wrong), "options"],
  ["decodeOption", () => decodeOption("rcvBuf", bytes, wrong), "options"],
  [
    "an option's value",
    () => encodeOption("linger", { onOff: true, seconds: 1, wrongKey: 1 } as never),
    "value",
  ],
  ["options.set", (a) => a.options.set("linger", { onOff: true, seconds: 1, wrongKey: 1 } as never), "value"],
  [
    "an option's address",
    () => encodeOption("tcpMd5Sig", { address: { ...at, wrongKey: 1 } as never, key: bytes }),
    "value.address",
  ],
  ["tcpMd5Sig", () => encodeOption("tcpMd5Sig", { address: at, key: bytes, wrongKey: 1 } as never), "value"],
  ["tlsTx", () => encodeOption("tlsTx", { version: 1, cipher: 51, wrongKey: 1 } as never), "value"],
  [
    "ipLocalPortRange",
    () => encodeOption("ipLocalPortRange", { low: 1, high: 2, wrongKey: 1 } as never),
    "value",
  ],
  ["syscalls: sendmsg", () => syscalls.sendmsg(0, "x", wrong), "options"],
  ["syscalls: recvmsg", () => syscalls.recvmsg(0, bytes, wrong), "options"],
  ["syscalls: sendmmsg", () => syscalls.sendmmsg(0, [], wrong), "options"],
  ["syscalls: recvmmsg", () => syscalls.recvmmsg(0, [], wrong), "options"],
  [
    "syscalls: sendmmsg, message",
    () => syscalls.sendmmsg(0, [{ data: "x", wrongKey: 1 } as never]),
    "messages[0]",
  ],
  [
    "syscalls: recvmmsg, message",
    () => syscalls.recvmmsg(0, [{ buffers: bytes, wrongKey: 1 } as never]),
    "messages[0]",
  ],
  ["syscalls: socket", () => syscalls.socket(1, 1, 0, wrong), "options"],
  ["syscalls: socketpair", () => syscalls.socketpair(1, 1, 0, wrong), "options"],
  ["syscalls: accept4", () => syscalls.accept4(0, wrong), "options"],
  [
    "syscalls: getsockopt",
    () => syscalls.getsockopt(0, 1, 1, { length: 4, wrongKey: 1 } as never),
    "options",
  ],
  ["testing: memorySocketpair", () => memorySocketpair("stream", wrong), "options"],
  ["testing: sendmsg", () => memorySocketpair()[0].sendmsg(wrong), "message"],
  ["testing: sendmsg, options", () => memorySocketpair()[0].sendmsg({ data: "x" }, wrong), "options"],
  ["testing: trySendmsg", () => memorySocketpair()[0].trySendmsg(wrong), "message"],
  ["testing: recvmsg", () => memorySocketpair()[0].recvmsg(wrong), "options"],
  ["testing: failNext", () => memorySocketpair()[0].failNext("sendmsg", "EPIPE", wrong), "options"],
  ["testing: MemoryListener", () => new MemoryListener(wrong), "options"],
  ["testing: connect", () => new MemoryListener().connect(wrong), "options"],
  ["testing: accept", () => new MemoryListener().accept(wrong), "options"],
  ["testing: connections", () => new MemoryListener().connections(wrong).next(), "options"],
];

describe("every function that takes an object refuses a wrong key", () => {
  test.each(CALLS)("%s", (_, call, argument) =>
    counted(() =>
      withPair("stream", async (a, b) => {
        let error: unknown;
        try {
          await call(a, b);
        } catch (caught) {
          error = caught;
        }
        expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG_VALUE", argument });
        expect((error as Error).message).toContain('"wrongKey"');
      }),
    ),
  );

  test("a listener's accept() and connections()", () =>
    counted(async () => {
      const listener = await Listener.listen({ path: freshPath() });
      for (const call of [() => listener.accept(wrong), () => listener.connections(wrong).next()]) {
        await expect(call()).rejects.toThrow('The "options" argument has no option "wrongKey"');
      }
      await listener.close();
    }));
});

test("docs/errors.md has the errors as users see them", () =>
  withPair("stream", async (socket) => {
    const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `(.+?)` \| `(The .+?)` \|$/gm)];
    expect(rows).toHaveLength(6);
    const scope = { Socket, socket, socketpair, at: { path: freshPath() }, address: "::1", port: 1 };
    for (const [, code, message] of rows) {
      const run = new Function(...Object.keys(scope), `return (async () => ${code})();`);
      expect((await rejection(run(...Object.values(scope)))).message).toBe(message);
    }
  }));

describe("what fits stays welcome", () => {
  test("a received message can be sent on", () =>
    counted(() =>
      withPair("seqpacket", async (a, b) => {
        await a.sendmsg({ data: "on" });
        const message = await b.recvmsg();
        await b.sendmsg(message);
        expect((await a.recvmsg()).data.toString()).toBe("on");
      }),
    ));

  test("frozen objects, and those without prototype", () =>
    counted(() =>
      withPair("stream", async (a, b) => {
        await a.sendmsg(Object.freeze({ data: "x" }), Object.freeze({}));
        await a.sendmsg(Object.assign(Object.create(null), { data: "y" }));
        expect((await b.recvmsg(Object.create({ size: 2 }))).data.toString()).toBe("xy");
      }),
    ));
});
