import { describe, expect, test } from "vitest";
import { AF_UNIX, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } from "../../src/constants/index.js";
import {
  accept4,
  bind,
  close,
  connect,
  dup,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  recvmmsg,
  recvmsg,
  sendmmsg,
  sendmsg,
  setsockopt,
  shutdown,
  socket,
  socketpair,
} from "../../src/syscalls/index.js";
import { thrown } from "../support/outcome.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { unixAddress } from "../support/sockaddr.js";
import { isEmulated } from "../support/target.js";

keepDescriptors();

// biome-ignore lint/suspicious/noExplicitAny: wrong types are what is tested
type Wrong = any;

const byte = () => Buffer.alloc(1);
const address = unixAddress("\0nobody");

/** Every function that takes a descriptor. The other arguments are good. */
const calls: [syscall: string, call: (fd: number) => unknown][] = [
  ["bind", (fd) => bind(fd, address)],
  ["connect", (fd) => connect(fd, address)],
  ["listen", (fd) => listen(fd, 1)],
  ["accept4", (fd) => accept4(fd)],
  ["accept4", (fd) => accept4(fd, { timeout: 10 })],
  ["shutdown", (fd) => shutdown(fd, 0)],
  ["getsockname", (fd) => getsockname(fd)],
  ["getpeername", (fd) => getpeername(fd)],
  ["getsockopt", (fd) => getsockopt(fd, SOL_SOCKET, 3)],
  ["setsockopt", (fd) => setsockopt(fd, SOL_SOCKET, 2, 1)],
  ["close", (fd) => close(fd)],
  ["fcntl", (fd) => dup(fd)],
  ["sendmsg", (fd) => sendmsg(fd, "x")],
  ["sendmsg", (fd) => sendmsg(fd, "x", { timeout: 10 })],
  ["recvmsg", (fd) => recvmsg(fd, byte())],
  ["recvmsg", (fd) => recvmsg(fd, byte(), { timeout: 10 })],
  ["sendmmsg", (fd) => sendmmsg(fd, [{ data: "x" }])],
  ["recvmmsg", (fd) => recvmmsg(fd, [{ buffers: byte() }])],
];

function expectError(call: () => unknown, type: string, code: string, argument: string, message: string) {
  const { name, code: actual, argument: where, message: text } = thrown(call);
  expect({ name, code: actual, argument: where, message: text }).toEqual({
    name: type,
    code,
    argument,
    message,
  });
}

const wrongType = (call: () => unknown, argument: string, rest: string) =>
  expectError(
    call,
    "TypeError",
    "ERR_INVALID_ARG_TYPE",
    argument,
    `The "${argument}" argument must be ${rest}`,
  );
const outOfRange = (call: () => unknown, argument: string, rest: string) =>
  expectError(
    call,
    "RangeError",
    "ERR_OUT_OF_RANGE",
    argument,
    `The value of "${argument}" is out of range. It must be ${rest}`,
  );
const wrongValue = (call: () => unknown, argument: string, rest: string) =>
  expectError(call, "TypeError", "ERR_INVALID_ARG_VALUE", argument, `The "${argument}" argument ${rest}`);

describe.each(calls)("%s", (syscall, call) => {
  test("refuses a descriptor that is no number", () => {
    wrongType(() => call("3" as Wrong), "fd", 'of type number. Received type string ("3")');
    wrongType(() => call(undefined as Wrong), "fd", "of type number. Received undefined");
    wrongType(() => call(3n as Wrong), "fd", "of type number. Received type bigint (3n)");
    wrongType(() => call({ fd: 3 } as Wrong), "fd", "of type number. Received an instance of Object");
  });

  test("throws EBADF for a number that is no descriptor", () => {
    outOfRange(() => call(-1), "fd", ">= 0 && <= 2147483647. Received -1");
    outOfRange(() => call(2 ** 31), "fd", ">= 0 && <= 2147483647. Received 2147483648");
    outOfRange(() => call(1.5), "fd", "an integer. Received 1.5");
    outOfRange(() => call(Number.NaN), "fd", "an integer. Received NaN");
  });

  // Under user-mode emulation, a recvmmsg(2) that fails returns 1.
  test.skipIf(syscall === "recvmmsg" && isEmulated())("throws EBADF for a closed descriptor", () => {
    const fd = socket(AF_UNIX, SOCK_STREAM);
    close(fd);
    expect(thrown(() => call(fd))).toMatchObject({
      message: `${syscall} EBADF`,
      code: "EBADF",
      errno: -9,
      syscall,
    });
  });
});

describe("numbers and options", () => {
  const [fd] = [0x7fffffff];

  test("are refused if they have another type or are out of range", () => {
    wrongType(() => socket("unix" as Wrong, 1), "domain", 'of type number. Received type string ("unix")');
    wrongType(() => socketpair(1, null as Wrong), "type", "of type number. Received null");
    outOfRange(
      () => socket(1, 1, 2 ** 32),
      "protocol",
      ">= -2147483648 && <= 2147483647. Received 4294967296",
    );
    wrongType(
      () => socket(1, 1, 0, { blocking: 1 as Wrong }),
      "options.blocking",
      "of type boolean. Received type number (1)",
    );
    wrongType(() => socket(1, 1, 0, null as Wrong), "options", "of type object. Received null");
    wrongType(() => accept4(fd, 1 as Wrong), "options", "of type object. Received type number (1)");
    outOfRange(() => accept4(fd, { timeout: -1 }), "options.timeout", ">= 0 && <= 2147483647. Received -1");
    wrongType(() => listen(fd, "9" as Wrong), "backlog", 'of type number. Received type string ("9")');
    wrongType(() => shutdown(fd, "w" as Wrong), "how", 'of type number. Received type string ("w")');
    wrongType(
      () => bind(fd, "/path" as Wrong),
      "address",
      'an ArrayBufferView or ArrayBuffer. Received type string ("/path")',
    );
    wrongType(
      () => connect(fd, {} as Wrong),
      "address",
      "an ArrayBufferView or ArrayBuffer. Received an instance of Object",
    );
    wrongType(() => getsockopt(fd, "1" as Wrong, 1), "level", 'of type number. Received type string ("1")');
    wrongType(
      () => getsockopt(fd, 1, 1, {} as Wrong),
      "options.length",
      "of type number. Received undefined",
    );
    outOfRange(
      () => getsockopt(fd, 1, 1, { length: -1 }),
      "options.length",
      ">= 0 && <= 2147483647. Received -1",
    );
    wrongType(
      () => setsockopt(fd, 1, 1, "1" as Wrong),
      "value",
      'of type number or boolean or an ArrayBufferView. Received type string ("1")',
    );
    outOfRange(
      () => setsockopt(fd, 1, 1, 2 ** 32),
      "value",
      ">= -2147483648 && <= 4294967295. Received 4294967296",
    );
    outOfRange(
      () => sendmsg(fd, "", { flags: 2 ** 32 }),
      "options.flags",
      ">= -2147483648 && <= 4294967295. Received 4294967296",
    );
    wrongType(
      () => recvmsg(fd, byte(), { timeout: "1" as Wrong }),
      "options.timeout",
      'of type number. Received type string ("1")',
    );
    wrongType(
      () => recvmsg(fd, byte(), { control: 64 as Wrong }),
      "options.control",
      "an ArrayBufferView or ArrayBuffer. Received type number (64)",
    );
    wrongType(() => sendmmsg(fd, {} as Wrong), "messages", "an Array. Received an instance of Object");
    wrongType(
      () => sendmmsg(fd, ["x"] as Wrong),
      "messages[0]",
      'of type object. Received type string ("x"). Write { data: … }',
    );
    wrongType(
      () => recvmmsg(fd, [{}] as Wrong),
      "messages[0].buffers",
      "an ArrayBufferView or ArrayBuffer. Received undefined",
    );
  });
});

describe("data and memory", () => {
  const pair = () => own(socketpair(AF_UNIX, SOCK_DGRAM));
  const DETACHED = "must not be backed by an ArrayBuffer that is detached, or was made too short";

  function detached(): Uint8Array {
    const view = new Uint8Array(8);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    return view;
  }

  /** A view beyond the end of a buffer that was resized, which Node 18 has not. */
  function cut(): Uint8Array {
    const buffer = new (ArrayBuffer as Wrong)(16, { maxByteLength: 64 });
    const view = new Uint8Array(buffer, 8, 8);
    buffer.resize(8);
    return view;
  }

  /** The calls that take memory, with the argument's name in errors. */
  const places: [argument: string, call: (fd: number, view: Uint8Array) => unknown][] = [
    ["data", (fd, view) => sendmsg(fd, view)],
    ["data[1]", (fd, view) => sendmsg(fd, ["x", view])],
    ["options.control", (fd, view) => sendmsg(fd, "x", { control: view })],
    ["options.address", (fd, view) => sendmsg(fd, "x", { address: view })],
    ["buffers", (fd, view) => recvmsg(fd, view)],
    ["buffers[0]", (fd, view) => recvmsg(fd, [view])],
    ["options.control", (fd, view) => recvmsg(fd, byte(), { control: view })],
    ["options.address", (fd, view) => recvmsg(fd, byte(), { address: view })],
    ["messages[1].data", (fd, view) => sendmmsg(fd, [{ data: "x" }, { data: view }])],
    ["messages[0].data[1]", (fd, view) => sendmmsg(fd, [{ data: ["x", view] }])],
    ["messages[0].control", (fd, view) => sendmmsg(fd, [{ data: "x", control: view }])],
    ["messages[0].address", (fd, view) => sendmmsg(fd, [{ data: "x", address: view }])],
    ["messages[0].buffers", (fd, view) => recvmmsg(fd, [{ buffers: view }])],
    ["messages[0].control", (fd, view) => recvmmsg(fd, [{ buffers: byte(), control: view }])],
    ["messages[0].address", (fd, view) => recvmmsg(fd, [{ buffers: byte(), address: view }])],
    ["address", (fd, view) => bind(fd, view)],
    ["address", (fd, view) => connect(fd, view)],
    ["value", (fd, view) => setsockopt(fd, SOL_SOCKET, 2, view)],
  ];

  test.each(places)("are refused if detached: %s", (argument, call) => {
    const [a, b] = pair();
    wrongValue(() => call(a, detached()), argument, DETACHED);
    expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
  });

  test.runIf("resizable" in ArrayBuffer.prototype).each(places)(
    "are refused if cut off: %s",
    (argument, call) => {
      const [a, b] = pair();
      wrongValue(() => call(a, cut()), argument, DETACHED);
      expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
    },
  );

  test("are refused as other types", () => {
    const expected = "a string, an ArrayBufferView, an ArrayBuffer or a list of them. Received";
    const [a] = pair();
    wrongType(() => sendmsg(a, undefined as Wrong), "data", `${expected} undefined`);
    wrongType(() => sendmsg(a, 1 as Wrong), "data", `${expected} type number (1)`);
    wrongType(() => sendmsg(a, ["x", null] as Wrong), "data[1]", `${expected} null`);
    wrongType(() => sendmsg(a, [["x"]] as Wrong), "data[0]", `${expected} an instance of Array`);
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    wrongType(() => sendmsg(a, ["x", , "y"] as Wrong), "data[1]", `${expected} undefined`);
    wrongType(() => sendmsg(a, { length: 1 } as Wrong), "data", `${expected} an instance of Object`);
    wrongType(
      () => recvmsg(a, "text" as Wrong),
      "buffers",
      'an ArrayBufferView or ArrayBuffer. Received type string ("text")',
    );
    wrongType(
      () => recvmsg(a, [byte(), "text"] as Wrong),
      "buffers[1]",
      'an ArrayBufferView or ArrayBuffer. Received type string ("text")',
    );
  });

  test("are refused if they only look like memory", () => {
    const [a] = pair();
    const fake = Object.create(Uint8Array.prototype, {
      buffer: { value: new ArrayBuffer(8) },
      byteLength: { value: 8 },
    });
    wrongType(
      () => sendmsg(a, fake),
      "data",
      "a string, an ArrayBufferView, an ArrayBuffer or a list of them. Received an instance of Uint8Array",
    );
    wrongType(
      () => recvmsg(a, new Proxy(byte(), {})),
      "buffers",
      "an ArrayBufferView or ArrayBuffer. Received an instance of Buffer",
    );
  });

  test("are refused as 1025 entries", () => {
    const [a, b] = pair();
    const views = new Array<Uint8Array>(1025).fill(byte());
    const range = "<= 1024 (UIO_MAXIOV). Received 1025";
    outOfRange(() => sendmsg(a, views), "data.length", range);
    outOfRange(() => recvmsg(a, views), "buffers.length", range);
    outOfRange(() => sendmmsg(a, [{ data: "x" }, { data: views }]), "messages[1].data.length", range);
    outOfRange(() => recvmmsg(a, [{ buffers: views }]), "messages[0].buffers.length", range);
    expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
  });

  test("are refused as 1025 messages, of which the kernel would take 1024 without a word", () => {
    const [a, b] = pair();
    const range = "<= 1024 (UIO_MAXIOV). Received 1025";
    outOfRange(() => sendmmsg(a, new Array(1025).fill({ data: "x" })), "messages.length", range);
    outOfRange(() => recvmmsg(b, new Array(1025).fill({ buffers: byte() })), "messages.length", range);
    expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
  });

  describe("a getter that transfers memory which the call already has", () => {
    const take = (view: Uint8Array) => {
      // A second transfer would throw.
      if (view.length > 0) structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
    };

    function listWith(view: Uint8Array): Uint8Array[] {
      const list = [view, byte()];
      Object.defineProperty(list, 1, {
        get() {
          take(view);
          return byte();
        },
      });
      return list;
    }

    test("is noticed in the data", () => {
      const [a, b] = pair();
      wrongValue(() => sendmsg(a, listWith(new Uint8Array(64))), "data[0]", DETACHED);
      wrongValue(() => recvmsg(b, listWith(new Uint8Array(64))), "buffers[0]", DETACHED);
      const proxied = new Proxy([new Uint8Array(64), byte()], {
        get(target, key) {
          if (key === "1") take(target[0]!);
          return Reflect.get(target, key);
        },
      });
      wrongValue(() => sendmsg(a, proxied), "data[0]", DETACHED);
      expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
    });

    test("is noticed in the options", () => {
      const [a, b] = pair();
      const data = new Uint8Array(64);
      const options = {
        get flags() {
          take(data);
          return 0;
        },
      };
      wrongValue(() => sendmsg(a, data, options), "data", DETACHED);
      wrongValue(() => recvmsg(b, data, options), "buffers", DETACHED);
      const control = new Uint8Array(64);
      wrongValue(() => sendmsg(a, listWith(control), { control }), "data[0]", DETACHED);
      wrongValue(() => sendmsg(a, ["x", listWith(control)[0]!], { control }), "data[1]", DETACHED);
      expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
    });

    test("is noticed if the data's getter transfers the control data", () => {
      const [a] = pair();
      const control = new Uint8Array(64);
      const data = ["x", "y"];
      Object.defineProperty(data, 1, {
        get() {
          take(control);
          return "y";
        },
      });
      wrongValue(() => sendmsg(a, data, { control }), "options.control", DETACHED);
    });

    test("is noticed in a later message of a batch", () => {
      const [a, b] = pair();
      const first = new Uint8Array(64);
      const toSend = {
        get data() {
          take(first);
          return "x";
        },
      };
      const toFill = {
        get buffers() {
          take(first);
          return byte();
        },
      };
      wrongValue(() => sendmmsg(a, [{ data: first }, toSend]), "messages[0].data", DETACHED);
      wrongValue(() => recvmmsg(b, [{ buffers: first }, toFill]), "messages[0].buffers", DETACHED);
      const [second, control] = [new Uint8Array(64), new Uint8Array(64)];
      const sent = [{ data: second }, { data: listWith(second), control }];
      const filled = [{ buffers: second }, { buffers: listWith(second), control }];
      wrongValue(() => sendmmsg(a, sent), "messages[0].data", DETACHED);
      wrongValue(() => recvmmsg(b, filled), "messages[0].buffers", DETACHED);
      expect(thrown(() => recvmsg(b, byte())).code).toBe("EAGAIN");
    });

    test("does not make the call read a list beyond its first length", () => {
      const [a, b] = pair();
      const list: string[] = ["a"];
      list.push("b");
      Object.defineProperty(list, 0, {
        get() {
          list.push("more");
          return "a";
        },
      });
      expect(sendmsg(a, list)).toBe(2);
      expect(recvmsg(b, Buffer.alloc(8)).bytes).toBe(2);
    });
  });
});
