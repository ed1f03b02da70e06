import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  IP_RECVERR,
  IPPROTO_IP,
  MSG_ERRQUEUE,
  SO_TIMESTAMPING_OLD,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from "../src/constants/index.js";
import { FileDescriptor, Socket, socketpair } from "../src/index.js";
import { mayTry } from "../src/socket/fairness.js";
import { setsockopt } from "../src/syscalls/index.js";
import { run } from "./children.js";
import { compiled } from "./compiled.js";
import { counted } from "./counted.js";
import { openFile } from "./descriptors.js";
import { closeSync } from "./files.mjs";
import { calls, isSettled, pass, rejection, turn, until, withPair } from "./pairs.js";
import { isRoot, onRealKernel, skipUnless, withNoDescriptorLeft } from "./target.js";

// The kernel's traps of which the event-loop layer makes something; those of the bare calls are in syscalls/traps.test.ts,
// and many more numbers are in the names of the tests beside this file.

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** What a spin would exceed by far in 200 ms, and pauses of 1 to 50 ms do not reach. */
const FEW = 60;

/** RLIMIT_NOFILE of the children that are to reach it: Node needs some 100 to load its modules. */
const LIMIT = 300;

/** A datagram socket whose peer is gone, with IP_RECVERR or without: each send is answered by an ICMP error. */
function withDeadPeer(recverr: boolean, body: (socket: Socket) => unknown): Promise<void> {
  return counted(async () => {
    const peer = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const socket = await Socket.connect(peer.getsockname(), { type: "dgram" });
    await peer.close();
    if (recverr) setsockopt(socket.fd, IPPROTO_IP, IP_RECVERR, 1);
    try {
      await body(socket);
    } finally {
      await socket.close();
    }
  });
}

describe("trap 32: an error queue that nobody reads", () => {
  onRealKernel("does not spin while somebody receives", () =>
    withDeadPeer(true, async (socket) => {
      const receiving = rejection(socket.recvmsg());
      await socket.sendmsg({ data: "x" });
      await turn();
      expect(await calls("receive", () => pass(200))).toBeLessThan(FEW);
      expect(await isSettled(receiving)).toBe(false);
      await socket.close();
      expect((await receiving).code).toBe("ERR_SENDMSG_CLOSED");
    }),
  );

  onRealKernel("is read with recvError: what came before, and what comes", () =>
    withDeadPeer(true, async (socket) => {
      await socket.sendmsg({ data: "before" });
      const before = await socket.recvError();
      expect(String(before.data)).toBe("before");
      expect(before.flags & MSG_ERRQUEUE).toBe(MSG_ERRQUEUE);
      expect(before.address).toEqual(socket.getpeername());
      expect(before.control.length).toBe(1);
      expect(before.eof).toBe(false);
      const waiting = socket.recvError();
      expect(await isSettled(waiting)).toBe(false);
      await socket.sendmsg({ data: "later" });
      expect(String((await waiting).data)).toBe("later");
    }),
  );

  onRealKernel("several who wait get the entries in order; one that is aborted gets none", () =>
    withDeadPeer(true, async (socket) => {
      const controller = new AbortController();
      const first = socket.recvError();
      const aborted = rejection(socket.recvError({ signal: controller.signal }));
      const second = socket.recvError();
      controller.abort("why");
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      await socket.sendmsg({ data: "1" });
      await socket.sendmsg({ data: "2" });
      expect([String((await first).data), String((await second).data)]).toEqual(["1", "2"]);
      expect((await rejection(socket.recvError({ signal: AbortSignal.abort() }))).code).toBe("ABORT_ERR");
    }),
  );

  onRealKernel("keeps 1024 entries, and counts those that are thrown away", () =>
    counted(async () => {
      const peer = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const socket = await Socket.connect(peer.getsockname(), { type: "dgram" });
      const flags =
        SOF_TIMESTAMPING_TX_SOFTWARE |
        SOF_TIMESTAMPING_SOFTWARE |
        SOF_TIMESTAMPING_OPT_ID |
        SOF_TIMESTAMPING_OPT_TSONLY;
      setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, flags);
      const receiving = rejection(socket.recvmsg());
      const [sent, kept] = [1100, 1024];
      for (let i = 0; i < sent; i++) {
        await socket.sendmsg({ data: "x" });
        peer.tryRecvmsg();
        // What the kernel keeps it may throw away, and what comes while entries are read takes the place of one that was.
        if (i % 10 === 9) await until(() => socket.options.get("memInfo").rmemAlloc === 0);
      }
      for (let read = 0; read < kept; read++) (await socket.recvError())[Symbol.dispose]();
      const none = rejection(socket.recvError());
      expect(await isSettled(none)).toBe(false);
      expect(socket.errorsDropped).toBe(sent - kept);
      await Promise.all([socket.close(), peer.close()]);
      await Promise.all([receiving, none]);
    }),
  );

  it("is not waited for on AF_UNIX, which has none", () =>
    withPair("dgram", async (a, b) => {
      await a.sendmsg({ data: "a message" });
      expect(await rejection(b.recvError())).toMatchObject({
        code: "EOPNOTSUPP",
        message: "recvmsg EOPNOTSUPP: unix sockets have no error queue",
      });
      expect(await rejection(b.errors().next())).toMatchObject({ code: "EOPNOTSUPP" });
      expect(String((await b.recvmsg()).data)).toBe("a message");
    }));

  onRealKernel("ends with the socket", () =>
    withDeadPeer(true, async (socket) => {
      const waiting = rejection(socket.recvError());
      await socket.close();
      expect((await waiting).code).toBe("ERR_SENDMSG_CLOSED");
    }),
  );
});

describe("trap 39: an earlier packet's error", () => {
  onRealKernel("with RECVERR, a send that meets it is made all the same", () =>
    withDeadPeer(true, async (socket) => {
      for (let i = 0; i < 5; i++) expect(await socket.sendmsg({ data: `${i}` })).toEqual({ bytes: 1 });
      for (let i = 0; i < 5; i++) expect(String((await socket.recvError()).data)).toBe(`${i}`);
    }),
  );

  onRealKernel("with RECVERR, a receive that meets it goes on waiting", () =>
    withDeadPeer(true, async (socket) => {
      await socket.sendmsg({ data: "x" });
      expect(socket.tryRecvmsg()).toBeUndefined();
      expect(String((await socket.recvError()).data)).toBe("x");
    }),
  );

  onRealKernel(
    "with RECVERR, a message that is too long is refused, though each refusal is reported there too",
    () =>
      withDeadPeer(true, async (socket) => {
        const data = Buffer.alloc(65_510); // of 65,507 at most
        expect(await rejection(socket.sendmsg({ data }))).toMatchObject({ code: "EMSGSIZE", bytesSent: 0 });
        expect(await socket.recvError()).toMatchObject({ eof: false });
      }),
  );

  onRealKernel("without, it rejects one call, and the next one is fine", () =>
    withDeadPeer(false, async (socket) => {
      await socket.sendmsg({ data: "1" });
      const error = await rejection(socket.sendmsg({ data: "2" }));
      expect(error).toMatchObject({ code: "ECONNREFUSED", syscall: "sendmsg", bytesSent: 0 });
      await socket.sendmsg({ data: "3" });
      expect(await rejection(socket.recvmsg())).toMatchObject({ code: "ECONNREFUSED", syscall: "recvmsg" });
    }),
  );

  onRealKernel("without, who waits to receive is told", () =>
    withDeadPeer(false, async (socket) => {
      const receiving = rejection(socket.recvmsg());
      await turn();
      await socket.sendmsg({ data: "x" });
      expect((await receiving).code).toBe("ECONNREFUSED");
    }),
  );

  onRealKernel("iterating, it goes to onError, and the loop goes on", () =>
    withDeadPeer(false, async (socket) => {
      const errors: unknown[] = [];
      const messages = socket.messages({
        onError: (error) => errors.push((error as { code?: unknown }).code),
      });
      const next = messages.next();
      await turn();
      await socket.sendmsg({ data: "x" });
      await until(() => errors.length > 0);
      const revived = await Socket.bind(socket.getpeername(), { type: "dgram" });
      await revived.sendmsg({ data: "here again", address: socket.getsockname() });
      const { value } = await next;
      expect(String(value!.data)).toBe("here again");
      expect(errors).toEqual(["ECONNREFUSED"]);
      await revived.close();
    }),
  );
});

describe("trap 33: accept without a descriptor left", () => {
  const it = withNoDescriptorLeft;
  const prelude = `
    import { setTimeout as pause } from "node:timers/promises";
    const path = process.env.SOCKET;
    const listener = await lib.Listener.listen({ path });
    const client = await lib.Socket.bind({ family: "unix" });
    keep(listener, client);
    // The event loop's own descriptors must be there before the last number is taken.
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

  it("accept pauses, does not spin, and goes on when there is one again", () => {
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

  it("tryAccept throws: somebody is waiting", () => {
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

  it("iterating, onError is told", () => {
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

  it("the same, met while waiting: onError is told", () => {
    const output = run(
      dist,
      `${prelude}
      release();
      const errors = new Set();
      const connections = listener.connections({ onError: ({ code }) => errors.add(code) });
      const first1 = (await connections.next()).value;
      const next = connections.next();
      const second = await lib.Socket.bind({ family: "unix" });
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

  it("it can be aborted and closed meanwhile, and does not keep the process when it is unref'd", () => {
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

describe.each(["stream", "seqpacket", "dgram"])(
  "trap 2: RLIMIT_NOFILE reached in mid-receive, %s",
  (type) => {
    withNoDescriptorLeft("what fitted is kept, the data too, and the loss is reported", () => {
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
  },
);

describe("trap 29: too many descriptors in flight", () => {
  const NOBODY = 65_534;
  const core = new URL("..", import.meta.url).pathname;
  const canRun =
    !isRoot ||
    spawnSync(process.execPath, ["-e", `require("fs").accessSync(${JSON.stringify(core)}, 5)`], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: "ignore",
    }).status === 0;

  skipUnless("root is exempt, and another user cannot read the library here", canRun)(
    "rejects at once, though the socket says that it is writable",
    () => {
      for (let path = dist; path !== dirname(core); path = dirname(path))
        chmodSync(path, statSync(path).mode | 0o055);
      const output = run(
        dist,
        `const [a, b] = lib.socketpair("seqpacket");
        let sent = 0;
        try {
          for (; sent < 1000; sent++) await a.sendmsg({ fds: new Array(100).fill(0) });
        } catch (error) {
          console.log(error.code, error.syscall, error.bytesSent, sent > 0);
        }
        // What is received is no longer in flight.
        for (let i = 0; i < sent; i++) await b.recvmsg();
        console.log((await a.sendmsg({ data: "x", fds: [0] })).bytes);
        await Promise.all([a.close(), b.close()]);`,
        { descriptors: LIMIT, ...(isRoot ? { uid: NOBODY } : {}) },
      );
      expect(output.split("\n")).toEqual(["ETOOMANYREFS sendmsg 0 true", "1"]);
    },
  );
});

describe("trap 42: a file that lives on elsewhere", () => {
  /** The descriptors that the event loop's epoll instances watch: "tfd: 21 events: …", proc(5). */
  function watched(): number[] {
    return readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        if (readlinkSync(`/proc/self/fd/${fd}`) !== "anon_inode:[eventpoll]") return [];
        return [...readFileSync(`/proc/self/fdinfo/${fd}`, "latin1").matchAll(/^tfd:\s+(\d+)/gm)].map(
          ([, number]) => Number(number),
        );
      } catch {
        return [];
      }
    });
  }

  onRealKernel("its events stop when its socket is closed", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      const waiting = rejection(a.recvmsg());
      await turn();
      const number = a.fd;
      expect(watched()).toContain(number);
      const copy = FileDescriptor.adopt(number === a.fd ? dupOf(number) : -1);
      await a.close();
      await waiting;
      expect(watched()).not.toContain(number);

      // The number's next owner hears only of its own.
      const [c, d] = socketpair("stream");
      const waits = [c, d].map((socket) => socket.recvmsg());
      await turn();
      const receives = await calls("receive", async () => {
        for (let i = 0; i < 20; i++) {
          await b.sendmsg({ data: "x" });
          await turn();
        }
      });
      expect(receives).toBe(0);
      await c.sendmsg({ data: "to d" });
      await d.sendmsg({ data: "to c" });
      expect((await Promise.all(waits)).map(({ data }) => String(data))).toEqual(["to c", "to d"]);
      copy.close();
      await Promise.all([b, c, d].map((socket) => socket.close()));
    }),
  );

  function dupOf(fd: number): number {
    const [a, b] = socketpair("seqpacket", { maxFds: 1 });
    a.trySendmsg({ fds: [fd] });
    const [copy] = b.tryRecvmsg()!.takeFds();
    void a.close();
    void b.close();
    return copy!.detach();
  }

  onRealKernel("and when it becomes a net.Socket, or a descriptor", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      const waiting = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "x" });
      await waiting;
      const number = a.fd;
      using descriptor = a.detach();
      expect(watched()).not.toContain(number);
      expect(descriptor.fd).toBe(number);
      await b.close();
    }),
  );
});

describe("trap 38: POSIX locks", () => {
  it("a send that completes at once duplicates nothing, so a locked file keeps its lock", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      const count = await calls("dup", () => a.sendmsg({ fds: [file] }));
      expect(count).toBe(0);
      (await b.recvmsg())[Symbol.dispose]();
      closeSync(file);
    }));

  it("nor does one after a burst, which gives the event loop its turn", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      while (mayTry());
      expect(await calls("dup", () => a.sendmsg({ fds: [file] }))).toBe(0);
      b.tryRecvmsg()![Symbol.dispose]();
      closeSync(file);
    }));
});
