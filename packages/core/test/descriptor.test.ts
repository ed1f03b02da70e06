import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import {
  AF_UNIX,
  SO_PEERPIDFD,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../src/constants/index.js";
import { decodeControl, encodeControl } from "../src/control/index.js";
import { type DescriptorTicket, FileDescriptor } from "../src/index.js";
import { binding, loadedBinding } from "../src/native/load.js";
import {
  accept4,
  bind,
  close,
  connect,
  dup,
  getsockopt,
  listen,
  recvmmsg,
  recvmsg,
  sendmsg,
  socket,
  socketpair,
} from "../src/syscalls/index.js";
import { compiled, compileTo } from "./compiled.js";
import { counted, settled } from "./counted.js";
import { isCloseOnExec, isOpen, openFile, sameFile } from "./descriptors.js";
import { closeSync, fstatSync, openSync, readSync } from "./files.mjs";
import { evaluate } from "./module.js";
import { thrown, turn, until, withPair } from "./pairs.js";
import { isEmulated, kernelIsAtLeast, skipUnless } from "./target.js";
import { temporaryDirectory } from "./temporary-directory.js";
import { freshPath } from "./transports.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** For programs in processes and threads of their own. */
const files = JSON.stringify(new URL("files.mjs", import.meta.url).href);

const open = (): number => openSync("/proc/self/status", "r");

describe("adopt", () => {
  it("owns the descriptor from then on, and closes it once", () =>
    counted(async () => {
      const number = open();
      const descriptor = FileDescriptor.adopt(number);
      expect(descriptor.fd).toBe(number);
      descriptor.close();
      descriptor.close();
      expect(descriptor.fd).toBe(-1);
      await settled();
      expect(isOpen(number)).toBe(false);
    }));

  it("EBADF for a number that is not open", () => {
    const number = open();
    closeSync(number);
    expect(thrown(() => FileDescriptor.adopt(number))).toMatchObject({ code: "EBADF", syscall: "fcntl" });
  });

  it("ERR_SENDMSG_FD_OWNED for one that has an owner, who goes on owning it", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(open());
      expect(thrown(() => FileDescriptor.adopt(descriptor.fd)).code).toBe("ERR_SENDMSG_FD_OWNED");
      expect(fstatSync(descriptor.fd).isFile()).toBe(true);
    }));

  it.each([
    ["ERR_INVALID_ARG_TYPE", "1"],
    ["ERR_INVALID_ARG_TYPE", undefined],
    ["ERR_INVALID_ARG_TYPE", null],
    ["ERR_OUT_OF_RANGE", -1],
    ["ERR_OUT_OF_RANGE", 1.5],
    ["ERR_OUT_OF_RANGE", Number.NaN],
    ["ERR_OUT_OF_RANGE", 2 ** 31],
  ])("%s for %o", (code, value) => {
    expect(thrown(() => FileDescriptor.adopt(value as number))).toMatchObject({ code, argument: "fd" });
  });
});

describe("a number that was closed behind our back", () => {
  it("is EBADF to adopt, and forgotten: its next file can be adopted", () =>
    counted(() => {
      const stale = FileDescriptor.adopt(open());
      const number = stale.fd;
      closeSync(number);
      expect(thrown(() => FileDescriptor.adopt(number)).code).toBe("EBADF");
      expect(stale.fd).toBe(-1);
      const next = open();
      expect(next).toBe(number);
      using descriptor = FileDescriptor.adopt(next);
      stale.close();
      expect(descriptor.fd).toBe(number);
      expect(isOpen(number)).toBe(true);
    }));

  it("is not closed when the kernel has given it to a descriptor that arrived meanwhile", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("arrived");
      const stale = FileDescriptor.adopt(open());
      const number = stale.fd;
      await a.sendmsg({ fds: [file] });
      closeSync(number);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(message.fds[0]!.fd).toBe(number);
      expect(stale.fd).toBe(-1);
      stale.close();
      stale[Symbol.dispose]();
      await settled();
      expect(sameFile(number, file)).toBe(true);
      expect(thrown(() => stale.detach()).code).toBe("ERR_SENDMSG_CLOSED");
      closeSync(file);
    }));
});

describe("a number that was closed behind its owner's back, and that the kernel hands out anew", () => {
  const UNIX = [AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK] as const;

  /** Calls with a message that carries a descriptor: the control data, and the numbers in it. */
  function numbersIn(receive: (fd: number, control: Uint8Array) => void): () => number[] {
    const [a, b] = socketpair(...UNIX);
    const control = encodeControl([{ name: "rights", value: [a] }]);
    sendmsg(a, "x", { control });
    close(a);
    return () => {
      const room = new Uint8Array(64);
      receive(b, room);
      close(b);
      return decodeControl(room).flatMap((item) => (item.name === "rights" ? item.value : []));
    };
  }

  /** Each call gets what it needs ready, so that the next number goes to what it hands out. */
  const calls: [name: string, prepare: () => () => number[]][] = [
    ["socket", () => () => [socket(...UNIX)]],
    ["socketpair", () => () => socketpair(...UNIX)],
    ["dup", () => () => [dup(0)]],
    [
      "accept4",
      () => {
        const address = encodeAddress({ family: "unix", abstract: freshPath() });
        const [listener, client] = [socket(...UNIX), socket(...UNIX)];
        bind(listener, address);
        listen(listener, 1);
        connect(client, address);
        return () => {
          const { fd } = accept4(listener)!;
          close(listener);
          close(client);
          return [fd];
        };
      },
    ],
    ["recvmsg", () => numbersIn((fd, control) => recvmsg(fd, new Uint8Array(1), { control }))],
    ["recvmmsg", () => numbersIn((fd, control) => recvmmsg(fd, [{ buffers: new Uint8Array(1), control }]))],
  ];

  async function ownerKeepsOff(prepare: () => () => number[]): Promise<void> {
    const call = prepare();
    const stale = FileDescriptor.adopt(open());
    const number = stale.fd;
    closeSync(number);
    const handedOut = call();
    expect(handedOut).toContain(number);
    stale.close();
    await settled();
    for (const fd of handedOut) expect(isOpen(fd)).toBe(true);
    for (const fd of handedOut) close(fd);
  }

  it.each(calls)("%s: the owner does not close it", (_, prepare) => counted(() => ownerKeepsOff(prepare)));

  skipUnless("needs SO_PEERPIDFD, Linux 6.5", kernelIsAtLeast(6, 5) && !isEmulated())(
    "getsockopt(SO_PEERPIDFD): the owner does not close it",
    () =>
      counted(() =>
        ownerKeepsOff(() => {
          const [a, b] = socketpair(...UNIX);
          return () => {
            const pidfd = getsockopt(a, SOL_SOCKET, SO_PEERPIDFD);
            close(a);
            close(b);
            return [pidfd];
          };
        }),
      ),
  );
});

describe("a number that is to be closed", () => {
  it("is nobody's to adopt: its owner has closed it", () =>
    counted(() => {
      const descriptors = Array.from({ length: 500 }, () => FileDescriptor.adopt(open()));
      const last = descriptors.at(-1)!.fd;
      for (const descriptor of descriptors) descriptor.close();
      expect(thrown(() => FileDescriptor.adopt(last)).code).toBe("EBADF");
    }));

  it("nor while a thread looks at it: a socket, whose queue could hold descriptors", () =>
    counted(async () => {
      let adopted = 0;
      for (let round = 0; round < 500; round++) {
        const [end, other] = socketpair(AF_UNIX, SOCK_STREAM);
        FileDescriptor.adopt(end).close();
        // Until the number is free, nobody gets it.
        let had = false;
        while (isOpen(end)) {
          try {
            FileDescriptor.adopt(end).detach();
            had = true;
          } catch (error) {
            expect((error as { code: string }).code).toBe("EBADF");
          }
        }
        if (had) adopted++;
        close(other);
        if (round % 50 === 0) await turn();
      }
      // Right before the thread calls close(2), adopt() can succeed. That happens in one of some hundred rounds. If the thread loses
      // its processor just then, adopt() succeeds many times in that round.
      expect(adopted).toBeLessThan(50);
    }));

  it("is somebody else's as soon as the kernel has given it to another file", () =>
    counted(async () => {
      for (let round = 0; round < 2000; round++) {
        FileDescriptor.adopt(open()).close();
        if (round % 100 === 0) await turn();
      }
    }));
});

describe("dup", () => {
  it("is another number for the same file, close-on-exec, with an owner of its own", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(open());
      using copy = descriptor.dup();
      expect(copy.fd).not.toBe(descriptor.fd);
      expect(sameFile(copy.fd, descriptor.fd) && isCloseOnExec(copy.fd)).toBe(true);
      descriptor.close();
      expect(fstatSync(copy.fd).isFile()).toBe(true);
    }));
});

describe("detach", () => {
  it("leaves it open, to the caller", () =>
    counted(async () => {
      const descriptor = FileDescriptor.adopt(open());
      const number = descriptor.detach();
      descriptor.close();
      await settled();
      expect([descriptor.fd, isOpen(number)]).toEqual([-1, true]);
      closeSync(number);
    }));
});

describe("handOver", () => {
  it("gives what the function returns, and the descriptor away", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(open());
      const number = descriptor.handOver((fd) => fd);
      expect(descriptor.fd).toBe(-1);
      closeSync(number);
    }));

  it("goes on owning it if the function throws", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(open());
      const error = thrown(() =>
        descriptor.handOver(() => {
          throw new Error("no");
        }),
      );
      expect(error.message).toBe("no");
      expect(isOpen(descriptor.fd)).toBe(true);
    }));

  it("refuses what is no function", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(open());
      expect(thrown(() => descriptor.handOver(1 as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "use",
      });
    }));
});

describe("once it is gone", () => {
  const gone = () => {
    const descriptor = FileDescriptor.adopt(open());
    descriptor.close();
    return descriptor;
  };

  it.each([
    ["dup", (descriptor: FileDescriptor) => descriptor.dup()],
    ["detach", (descriptor: FileDescriptor) => descriptor.detach()],
    ["handOver", (descriptor: FileDescriptor) => descriptor.handOver(() => {})],
    ["transfer", (descriptor: FileDescriptor) => descriptor.transfer()],
  ])("%s throws ERR_SENDMSG_CLOSED", (_, use) => {
    expect(thrown(() => use(gone())).code).toBe("ERR_SENDMSG_CLOSED");
  });
});

describe("transfer", () => {
  it("moves the descriptor, not the file's position or number", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(open());
      const number = descriptor.fd;
      const ticket = structuredClone(descriptor.transfer());
      expect([descriptor.fd, isOpen(number)]).toEqual([-1, true]);
      using claimed = FileDescriptor.claim(ticket);
      expect(claimed.fd).toBe(number);
    }));

  it("a ticket is good once: ENOENT", () =>
    counted(() => {
      const ticket = FileDescriptor.adopt(open()).transfer();
      FileDescriptor.claim(ticket).close();
      expect(thrown(() => FileDescriptor.claim(ticket))).toMatchObject({ code: "ENOENT", syscall: "claim" });
    }));

  it("a part of a ticket is none, and the whole one stays good", () =>
    counted(() => {
      const ticket = FileDescriptor.adopt(open()).transfer();
      for (const added of [0.9, Number.NaN, 2 ** 53]) {
        expect(
          thrown(() => FileDescriptor.claim({ ...ticket, ticket: ticket.ticket + added })),
        ).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", argument: "ticket" });
      }
      FileDescriptor.claim(ticket).close();
    }));

  it.each([undefined, null, 5, {}, { type: "sendmsg.DescriptorTicket" }, { ticket: 1 }])(
    "%o is no ticket",
    (value) => {
      expect(thrown(() => FileDescriptor.claim(value as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "ticket",
      });
    },
  );

  it("a worker reads the file that this thread opened, and gives back another", () =>
    counted(async () => {
      const worker = new Worker(
        `const { parentPort, workerData } = require("node:worker_threads");
        const { readFileSync } = require("node:fs");
        Promise.all([import(workerData.module), import(${files})]).then(([{ FileDescriptor }, { closeSync, openSync }]) => {
          const claimed = FileDescriptor.claim(workerData.ticket);
          let again;
          try { FileDescriptor.claim(workerData.ticket); } catch (error) { again = error.code; }
          const content = readFileSync("/proc/self/fd/" + claimed.fd, "latin1");
          claimed.close();
          // Node closes what a worker opened with node:fs when it ends: the duplicate is not of that kind.
          const opened = FileDescriptor.adopt(openSync("/proc/self/stat", "r"));
          const back = opened.dup().transfer();
          closeSync(opened.detach());
          parentPort.postMessage({ content, again, back });
        });`,
        {
          eval: true,
          workerData: {
            module: pathToFileURL(join(dist, "index.js")).href,
            ticket: FileDescriptor.adopt(openFile("from the main thread")).transfer(),
          },
        },
      );
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      const answer = await new Promise<{ content: string; again: string; back: DescriptorTicket }>(
        (resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
        },
      );
      await ended;
      expect([answer.content, answer.again]).toEqual(["from the main thread", "ENOENT"]);
      using back = FileDescriptor.claim(answer.back);
      const buffer = Buffer.alloc(16);
      expect(readSync(back.fd, buffer)).toBeGreaterThan(0);
    }));

  it("what a worker still holds when it ends is closed", () =>
    counted(async () => {
      const worker = new Worker(
        `const { workerData } = require("node:worker_threads");
        import(workerData.module).then(({ FileDescriptor, socketpair }) => {
          globalThis.kept = [FileDescriptor.claim(workerData.ticket), ...socketpair()];
          globalThis.kept[1].recvmsg();
          require("node:worker_threads").parentPort.postMessage("ready");
        });`,
        {
          eval: true,
          workerData: {
            module: pathToFileURL(join(dist, "index.js")).href,
            ticket: FileDescriptor.adopt(open()).transfer(),
          },
        },
      );
      await new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
      await worker.terminate();
    }));
});

describe("two installed copies of the library", () => {
  it("recognise each other's descriptors by the brand", () =>
    counted(async () => {
      const other = (await import(/* @vite-ignore */ pathToFileURL(join(dist, "index.js")).href)) as {
        FileDescriptor: typeof FileDescriptor;
      };
      expect(other.FileDescriptor).not.toBe(FileDescriptor);
      using theirs = other.FileDescriptor.adopt(open());
      expect(theirs).not.toBeInstanceOf(FileDescriptor);
      expect(FileDescriptor.isFileDescriptor(theirs)).toBe(true);
      await withPair("seqpacket", async (a, b) => {
        await a.sendmsg({ fds: [theirs] });
        using message = await b.recvmsg({ maxFds: 1 });
        expect(other.FileDescriptor.isFileDescriptor(message.fds[0])).toBe(true);
        expect(sameFile(message.fds[0]!.fd, theirs.fd)).toBe(true);
      });
    }));

  it("with binaries of their own, they do not take each other's tickets", async () => {
    const copies = await Promise.all(["a", "b"].map((name) => compileTo(join(temporaryDirectory(), name))));
    expect(copies).toHaveLength(2);
    const folder = JSON.stringify(pathToFileURL(temporaryDirectory()).href);
    const source = `
      const [{ FileDescriptor: A }, { FileDescriptor: B }] = await Promise.all(
        ["a", "b"].map((name) => import(${folder} + "/" + name + "/dist/index.js")),
      );
      const { openSync } = await import(${files});
      const [ofA, ofB] = [A, B].map((Copy) => Copy.adopt(openSync("/proc/self/status", "r")).transfer());
      const claim = (Copy, ticket) => {
        try {
          return Copy.claim(ticket).fd > 0;
        } catch (error) {
          return error.code;
        }
      };
      console.log(JSON.stringify([claim(B, ofA), claim(A, ofB), claim(A, ofA), claim(B, ofB)]));
    `;
    for (const name of ["a", "b"]) {
      const release = join(temporaryDirectory(), name, "native/build/Release");
      mkdirSync(release, { recursive: true });
      cpSync(loadedBinding().path!, join(release, "sendmsg.node"));
    }
    const child = spawnSync(process.execPath, evaluate(source), { encoding: "utf8" });
    expect(child.stdout, child.stderr).toBe('["ENOENT","ENOENT",true,true]\n');
  });

  it.each([undefined, null, 3, "3", {}, { fd: 3 }])("%o is no FileDescriptor", (value) => {
    expect(FileDescriptor.isFileDescriptor(value)).toBe(false);
  });
});

describe("collection", () => {
  /** Runs a module in a process of its own; what it wrote. */
  function run(source: string): string {
    const child = spawnSync(process.execPath, evaluate(source, { gc: true }), {
      encoding: "utf8",
      env: { ...process.env, INDEX: pathToFileURL(join(dist, "index.js")).href },
    });
    expect(child.stderr).toBe("");
    expect(child.status).toBe(0);
    return child.stdout.trim();
  }

  const prelude = `
    import { readdirSync, readlinkSync } from "node:fs";
    import { closeSync, openSync } from ${files};
    import { setTimeout as pause } from "node:timers/promises";
    const { FileDescriptor, socketpair } = await import(process.env.INDEX);
    const warnings = [];
    process.removeAllListeners("warning");
    process.on("warning", ({ code, message }) => warnings.push([code, /^Descriptor \\d+ /.test(message)].join()));
    // Some time after its start, Deno makes the sockets by which it hears of signals.
    if ("Deno" in globalThis) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");
    const count = () => readdirSync("/proc/self/fd").length;
    const collect = async (expected) => {
      for (let i = 0; i < 1000 && count() !== expected; i++) { globalThis.gc(); await pause(5); }
      if (count() !== expected) console.log("descriptors:", count(), "instead of", expected);
    };
  `;

  it("closes what was forgotten, and warns", () => {
    const output = run(`${prelude}
      const before = count();
      (() => { FileDescriptor.adopt(openSync("/proc/self/status", "r")); })();
      await collect(before);
      console.log(warnings.join(" "));`);
    expect(output).toBe("SENDMSG_FD_COLLECTED,true");
  });

  it("closes what is in a message that was forgotten, and warns of each", () => {
    const output = run(`${prelude}
      const [a, b] = socketpair("seqpacket");
      await b.sendmsg({ data: "x" });
      await a.recvmsg();
      const before = count();
      for (let i = 0; i < 3; i++) {
        await a.sendmsg({ fds: [0, 1] });
        await b.recvmsg({ maxFds: 2 });
      }
      await collect(before);
      console.log(warnings.length, [...new Set(warnings)].join(" "));
      process.exit(0);`);
    expect(output).toBe("6 SENDMSG_FD_COLLECTED,true");
  });

  it("says nothing of what was closed, detached or handed over", () => {
    const output = run(`${prelude}
      const open = () => FileDescriptor.adopt(openSync("/proc/self/status", "r"));
      const before = count();
      (() => {
        open().close();
        open().detach();
        open().handOver(() => {});
        FileDescriptor.claim(open().transfer()).close();
      })();
      await collect(before + 2);
      for (let i = 0; i < 5; i++) { globalThis.gc(); await pause(5); }
      console.log(warnings.length);`);
    expect(output).toBe("0");
  });

  it("leaves a number alone that means another file by now", () => {
    const output = run(`${prelude}
      let number;
      (() => {
        const descriptor = FileDescriptor.adopt(openSync("/proc/self/status", "r"));
        number = descriptor.fd;
        closeSync(number);
        try { FileDescriptor.adopt(number); } catch {}
        if (openSync("/proc/uptime", "r") !== number) throw new Error("another number");
      })();
      for (let i = 0; i < 20; i++) { globalThis.gc(); await pause(5); }
      console.log(readlinkSync("/proc/self/fd/" + number).split("/").at(-1), warnings.length);`);
    expect(output).toBe("uptime 0");
  });

  it("unclaimed tickets do not keep the process", () => {
    expect(
      run(
        `${prelude} FileDescriptor.adopt(openSync("/proc/self/status", "r")).transfer(); console.log("end");`,
      ),
    ).toBe("end");
  });
});

describe("inspection", () => {
  it("shows the number", () => {
    const descriptor = FileDescriptor.adopt(open());
    expect(inspect(descriptor)).toBe(`FileDescriptor { fd: ${descriptor.fd} }`);
    descriptor.close();
    expect(inspect(descriptor)).toBe("FileDescriptor { fd: -1 }");
  });
});

describe("closing", () => {
  it("happens elsewhere: the number is gone from the object at once", async () => {
    const descriptor = FileDescriptor.adopt(open());
    descriptor.close();
    expect(descriptor.fd).toBe(-1);
    await until(() => binding().closing() === 0);
  });
});
