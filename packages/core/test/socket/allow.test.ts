import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { EPERM } from "../../src/errno.js";
import { Listener, type ListenOptions, type Peer, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { MemoryListener } from "../../src/testing/index.js";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";
import { counted, settled } from "../support/counted.js";
import { freshName, freshPath } from "../support/fresh-places.js";
import { canBeNobody, letOthersRead, NOBODY } from "../support/nobody.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { thorough } from "../support/scale.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { isEmulated } from "../support/target.js";
import { withListener } from "../support/transports.js";
import { turn, until } from "../support/waiting.js";

afterEach(() => vi.restoreAllMocks());

/** No such process. */
const ESRCH = 3;

const uid = process.getuid!();
const gid = process.getgid!();
const ours = { pid: process.pid, uid, gid };

const CONNECTED = ["stream", "seqpacket"] as const;
const onUnix = (type: "stream" | "seqpacket" = "stream") => ({ type, place: () => ({ path: freshPath() }) });

/** Whether a listener with this `allow` lets this process in. */
async function letsIn(allow: ListenOptions["allow"]): Promise<boolean> {
  let isIn = false;
  await withListener(
    onUnix(),
    async (listener, at) => {
      const client = await Socket.connect(at);
      const accepted = listener.tryAccept();
      isIn = accepted !== undefined;
      await Promise.all([client.close(), accepted?.close()]);
    },
    { allow } as ListenOptions,
  );
  return isIn;
}

describe("users and groups", () => {
  it.each<[string, ListenOptions["allow"], boolean]>([
    ["the user", { uid }, true],
    ["another user", { uid: uid + 1 }, false],
    ["one of a list of users", { uid: [uid + 1, uid] }, true],
    ["none of a list of users", { uid: [uid + 1, uid + 2] }, false],
    ["no user", { uid: [] }, false],
    ["the group", { gid }, true],
    ["another group", { gid: [gid + 1] }, false],
    ["the user, but another group", { uid, gid: gid + 1 }, false],
    ["the group, but another user", { uid: uid + 1, gid }, false],
    ["the group, as one of the groups", { groups: [gid + 1, gid] }, true],
    ["user, group and groups", { uid, gid, groups: gid }, true],
  ])("%s", async (_, allow, expected) => {
    expect(await letsIn(allow)).toBe(expected);
  });

  onRealKernel("none of the groups", async () => {
    expect(await letsIn({ groups: 4_000_000_000 })).toBe(false);
    expect(await letsIn({ uid, gid, groups: [] })).toBe(false);
  });

  skipUnless("it takes root, and process.setgroups", uid === 0 && !!process.setgroups)(
    "a supplementary group, on a real kernel",
    async () => {
      const before = process.getgroups!();
      process.setgroups!([4711]);
      try {
        expect(await letsIn({ groups: [4710, 4711] })).toBe(true);
        expect(await letsIn({ groups: 4712 })).toBe(false);
        expect(await letsIn({ gid: 4711 })).toBe(false);
      } finally {
        process.setgroups!(before);
      }
    },
  );

  it("everybody, without the option", async () => {
    expect(await letsIn(undefined)).toBe(true);
  });
});

describe("arguments", () => {
  const listening = (allow: unknown) =>
    rejection(Listener.listen({ path: freshPath() }, { allow } as ListenOptions));

  it.each<[unknown, string, string]>([
    [
      {},
      "ERR_INVALID_ARG_VALUE",
      'The "options.allow" argument must have at least one of the keys uid, gid, groups',
    ],
    [
      { uid: 0, user: 1 },
      "ERR_INVALID_ARG_VALUE",
      'The "options.allow" argument has no property "user". It can have "uid", "gid" and "groups"',
    ],
    [
      { gid: 0, uid: undefined },
      "ERR_INVALID_ARG_TYPE",
      'The "options.allow.uid" argument must be a number or a list of numbers. Received undefined',
    ],
    [
      { uid: "0" },
      "ERR_INVALID_ARG_TYPE",
      'The "options.allow.uid" argument must be a number or a list of numbers. Received type string ("0")',
    ],
    [
      { groups: [0, 1.5] },
      "ERR_OUT_OF_RANGE",
      'The value of "options.allow.groups[1]" is out of range. It must be an integer. Received 1.5',
    ],
    [
      { gid: 0xffffffff },
      "ERR_OUT_OF_RANGE",
      'The value of "options.allow.gid" is out of range. It must be >= 0 && <= 4294967294. Received 4294967295',
    ],
    [
      [0],
      "ERR_INVALID_ARG_TYPE",
      'The "options.allow" argument must be of type object. Received an instance of Array',
    ],
    [null, "ERR_INVALID_ARG_TYPE", 'The "options.allow" argument must be of type object. Received null'],
    [
      true,
      "ERR_INVALID_ARG_TYPE",
      'The "options.allow" argument must be of type object. Received type boolean (true)',
    ],
  ])("%o", (allow, code, message) =>
    counted(async () => {
      expect(await listening(allow)).toMatchObject({ code, message });
    }),
  );

  it("are copied, so later changes change nothing", () => {
    const allow = { uid: [uid] };
    return withListener(
      onUnix(),
      async (listener, at) => {
        allow.uid[0] = uid + 1;
        const client = await Socket.connect(at);
        await (await listener.accept()).close();
        await client.close();
      },
      { allow } as ListenOptions,
    );
  });

  const UNIX_ONLY =
    'The "options.allow" argument is only for Unix stream and seqpacket listeners: on other sockets, the kernel does not tell who connects';

  it("are refused on other sockets", () =>
    counted(async () => {
      for (const [at, type] of [
        [{ family: "ipv4", address: "127.0.0.1", port: 0 }, "stream"],
        [{ path: freshPath() }, "dgram"],
      ] as const) {
        expect(await rejection(Listener.listen(at, { type, allow: { uid } }))).toMatchObject({
          code: "ERR_INVALID_ARG_VALUE",
          message: UNIX_ONLY,
        });
      }
      const tcp = await Listener.listen({ family: "ipv4", address: "127.0.0.1", port: 0 });
      const descriptor = tcp.detach();
      expect(thrown(() => Listener.from(descriptor, { allow: () => true }))).toMatchObject({
        message: UNIX_ONLY,
      });
      descriptor.close();
    }));

  it("are refused by listeners in memory", () => {
    expect(thrown(() => new MemoryListener({ allow: { uid: 0 } } as never))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: 'The "options.allow" argument is not for sockets in memory: no process is at their other end',
    });
  });

  it("a kernel that can't tell the groups is found out at once, and the path is removed", () =>
    counted(async () => {
      const { getsockopt } = binding();
      const refusing = vi
        .spyOn(binding(), "getsockopt")
        .mockImplementation((fd, level, option, value) =>
          option === 59 ? -92 : getsockopt(fd, level, option, value),
        );
      const path = freshPath();
      expect(await rejection(Listener.listen({ path }, { allow: { groups: 0 } }))).toMatchObject({
        code: "ENOPROTOOPT",
        syscall: "getsockopt",
      });
      refusing.mockRestore();
      await (await Listener.listen({ path })).close();
    }));
});

describe.each(CONNECTED)("a refused peer of a %s listener", (type) => {
  const nobody = { allow: { uid: uid + 1 } } as ListenOptions;

  it("sees the end or a reset, and onError is told who it was", () =>
    withListener(
      onUnix(type),
      async (listener, at) => {
        const errors: Record<string, unknown>[] = [];
        const controller = new AbortController();
        const loop = rejection(
          listener
            .connections({ signal: controller.signal, onError: (error) => errors.push(error as never) })
            .next(),
        );
        const client = await Socket.connect(at, { type });
        expect((await client.recvmsg()).eof).toBe(true);
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatchObject({
          code: "ERR_SENDMSG_PEER_REFUSED",
          message: `The connection of process ${process.pid} (uid ${uid}, gid ${gid}) was refused: "options.allow" does not allow it`,
          credentials: ours,
        });
        expect(errors[0]).not.toHaveProperty("cause");
        expect(errors[0]!.stack).not.toContain("\n");
        const talkative = await Socket.connect(at, { type });
        await talkative.sendmsg({ data: "unread" }).catch(() => {});
        await Promise.race([rejection(talkative.recvmsg()), talkative.recvmsg()]);
        controller.abort();
        expect(await loop).toMatchObject({ code: "ABORT_ERR" });
        await Promise.all([client.close(), talkative.close()]);
      },
      nobody,
    ));

  it("leaves no descriptor open, even those that it has sent", () =>
    withListener(
      onUnix(type),
      async (listener, at) => {
        const waiting = rejection(listener.accept());
        for (let i = 0; i < 5; i++) {
          const client = await Socket.connect(at, { type });
          await client.sendmsg({ data: "x", fds: [0, 1, 2, listener.fd] }).catch(() => {});
          await client.close();
        }
        await settled();
        expect(await isSettled(waiting)).toBe(false);
        await listener.close();
        expect(await waiting).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
      },
      nobody,
    ));

  it("is passed over by tryAccept()", () =>
    withListener(
      onUnix(type),
      async (listener, at) => {
        let calls = 0;
        const clients = [];
        for (let i = 0; i < 3; i++) clients.push(await Socket.connect(at, { type }));
        vi.spyOn(binding(), "accept4").mockImplementation((...args) => {
          calls++;
          return accept4(...args);
        });
        expect(listener.tryAccept()).toBeUndefined();
        expect(calls).toBe(4);
        await Promise.all(clients.map((client) => client.close()));
      },
      nobody,
    ));

  const { accept4 } = binding();
});

describe("a function", () => {
  it("gets the peer, and its verdict counts", () =>
    counted(async () => {
      const seen: unknown[] = [];
      let peerOfAccepted: Peer | undefined;
      const listener = await Listener.listen(
        { path: freshPath() },
        {
          allow: (peer) => {
            seen.push(peer.credentials());
            peerOfAccepted = peer;
            return seen.length > 1;
          },
        },
      );
      const waiting = listener.accept();
      const refused = await Socket.connect(listener.getsockname());
      expect((await refused.recvmsg()).eof).toBe(true);
      // The refused peer's descriptor is gone, so another socket may have its number.
      expect(thrown(() => peerOfAccepted!.credentials())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
      const client = await Socket.connect(listener.getsockname());
      const accepted = await waiting;
      expect(seen).toEqual([ours, ours]);
      expect(peerOfAccepted!.credentials()).toEqual(ours);
      await accepted.close();
      expect(thrown(() => peerOfAccepted!.credentials())).toMatchObject({
        code: "ERR_SENDMSG_CLOSED",
        message: "The socket is closed",
      });
      await Promise.all([refused, client, listener].map((each) => each.close()));
    }));

  /** Connects to a listener with this function, and returns the error of accept(). The client must see its connection closed. */
  async function errorOf(allow: unknown): Promise<Error & Record<string, unknown>> {
    let error!: Error & Record<string, unknown>;
    await withListener(
      onUnix(),
      async (listener, at) => {
        const waiting = rejection(listener.accept());
        const client = await Socket.connect(at);
        error = await waiting;
        expect((await client.recvmsg()).eof).toBe(true);
        const second = await Socket.connect(at);
        expect(thrown(() => listener.tryAccept())).toMatchObject({ message: error.message });
        expect((await second.recvmsg()).eof).toBe(true);
        await Promise.all([client.close(), second.close()]);
      },
      { allow } as ListenOptions,
    );
    return error;
  }

  it.each<[string, () => unknown, string]>([
    ["a Promise", async () => false, "an instance of Promise"],
    ["a Promise that rejects", () => Promise.reject(new Error("no database")), "an instance of Promise"],
    ["undefined", () => undefined, "undefined"],
    ["a number", () => 1, "type number (1)"],
    ["a Boolean object", () => new Boolean(true), "an instance of Boolean"],
  ])("that returns %s is an error", async (_, allow, received) => {
    expect(await errorOf(allow)).toMatchObject({
      name: "TypeError",
      code: "ERR_INVALID_RETURN_VALUE",
      message: `The "options.allow" function must return true or false. Received ${received}`,
    });
  });

  it("that throws: the error reaches accept(), and ends a loop", async () => {
    const error = new Error("no database");
    const fails = () => {
      throw error;
    };
    expect(await errorOf(fails)).toBe(error);
    await withListener(
      onUnix(),
      async (listener, at) => {
        const loop = rejection(listener.connections({ onError: () => {} }).next());
        const client = await Socket.connect(at);
        expect(await loop).toBe(error);
        await client.close();
      },
      { allow: fails } as ListenOptions,
    );
  });

  it("that throws undefined", () =>
    withListener(
      onUnix(),
      async (listener, at) => {
        const client = await Socket.connect(at);
        await expect(listener.accept()).rejects.toBeUndefined();
        await client.close();
      },
      {
        allow: () => {
          throw undefined;
        },
      } as ListenOptions,
    ));

  it("that closes the listener and allows: a call that has just begun gets the connection", () =>
    counted(async () => {
      const listener: Listener = await Listener.listen(
        { path: freshPath() },
        {
          allow: () => {
            void listener.close();
            return true;
          },
        },
      );
      const client = await Socket.connect(listener.getsockname());
      const accepted = await listener.accept();
      await accepted.sendmsg({ data: "x" });
      expect(String((await client.recvmsg()).data)).toBe("x");
      await Promise.all([client, accepted, listener].map((each) => each.close()));
    }));

  it.each([true, false])(
    "that closes the listener and returns %s: waiting calls reject, and the connection is closed",
    (verdict) =>
      counted(async () => {
        const listener: Listener = await Listener.listen(
          { path: freshPath() },
          {
            allow: () => {
              void listener.close();
              return verdict;
            },
          },
        );
        const waits = [rejection(listener.accept()), rejection(listener.accept())];
        const client = await Socket.connect(listener.getsockname());
        for (const error of await Promise.all(waits))
          expect(error).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
        expect((await client.recvmsg()).eof).toBe(true);
        await Promise.all([client, listener].map((each) => each.close()));
      }),
  );

  it("that aborts the call: the next one gets the connection, and detach() says that one is there", () =>
    counted(async () => {
      const controller = new AbortController();
      const listener = await Listener.listen(
        { path: freshPath() },
        {
          allow: () => {
            controller.abort();
            return true;
          },
        },
      );
      const aborted = rejection(listener.accept({ signal: controller.signal }));
      const client = await Socket.connect(listener.getsockname());
      expect(await aborted).toMatchObject({ code: "ABORT_ERR" });
      expect(thrown(() => listener.detach())).toMatchObject({
        code: "ERR_INVALID_STATE",
        message: "The listener has accepted a connection that the program has not taken: call tryAccept()",
      });
      await (await listener.accept()).close();
      await Promise.all([client, listener].map((each) => each.close()));
    }));

  it("that accepts and connects: the calls wait for their turn", () =>
    counted(async () => {
      const inner: Promise<Socket>[] = [];
      const clients: Promise<Socket>[] = [];
      const path = freshPath();
      const listener: Listener = await Listener.listen(
        { path },
        {
          allow: () => {
            if (inner.length < 3) {
              expect(listener.tryAccept()).toBeUndefined();
              inner.push(listener.accept());
              clients.push(Socket.connect({ path }));
            }
            return true;
          },
        },
      );
      clients.push(Socket.connect({ path }));
      const accepted = await listener.accept();
      await until(() => inner.length === 3);
      const others = await Promise.all(inner);
      const all = [accepted, ...others, ...(await Promise.all(clients))];
      expect(new Set(all).size).toBe(8);
      await Promise.all([...all, listener].map((each) => each.close()));
    }));
});

describe("if the kernel does not tell about a peer", () => {
  const { getsockopt } = binding();

  it.each<[string, ListenOptions["allow"]]>([
    ["users and groups", { uid }],
    ["a function", (peer) => peer.credentials().uid === uid],
  ])("it is refused: %s", (_, allow) =>
    withListener(
      onUnix(),
      async (listener, at) => {
        const errors: Record<string, unknown>[] = [];
        const loop = listener.connections({ onError: (error) => errors.push(error as never) });
        const next = loop.next();
        vi.spyOn(binding(), "getsockopt").mockImplementation((fd, level, option, value) =>
          option === 17 ? -EPERM : getsockopt(fd, level, option, value),
        );
        const refused = await Socket.connect(at);
        expect((await refused.recvmsg()).eof).toBe(true);
        vi.restoreAllMocks();
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatchObject({
          code: "ERR_SENDMSG_PEER_REFUSED",
          message:
            'The connection of an unknown process was refused: "options.allow" needs what the kernel does not tell about it',
          credentials: undefined,
          cause: { code: "EPERM", syscall: "getsockopt" },
        });
        const client = await Socket.connect(at);
        const { value } = await next;
        await Promise.all([refused, client, value!].map((each) => each.close()));
      },
      { allow } as ListenOptions,
    ),
  );

  it("because it has ended, it is refused, and the loop goes on", () =>
    withListener(
      onUnix(),
      async (listener, at) => {
        const codes: unknown[] = [];
        const onError = (error: Error) => codes.push((error.cause as { code: string }).code);
        const next = listener.connections({ onError }).next();
        const pidfd = vi.spyOn(binding(), "peerPidfd").mockReturnValue(-ESRCH);
        const refused = await Socket.connect(at);
        expect((await refused.recvmsg()).eof).toBe(true);
        expect(codes).toEqual(["ESRCH"]);
        pidfd.mockImplementation(() => binding().dup(listener.fd));
        const client = await Socket.connect(at);
        const { value: accepted } = await next;
        await Promise.all([refused, client, accepted!].map((each) => each.close()));
      },
      {
        allow: (peer) => {
          peer.pidfd().close();
          return true;
        },
      } as ListenOptions,
    ));

  it("because it is too old, the function's error reaches accept()", () =>
    withListener(
      onUnix(),
      async (listener, at) => {
        vi.spyOn(binding(), "peerPidfd").mockReturnValue(-92);
        const waiting = rejection(listener.accept());
        const client = await Socket.connect(at);
        expect(await waiting).toMatchObject({ code: "ENOPROTOOPT", syscall: "getsockopt" });
        expect((await client.recvmsg()).eof).toBe(true);
        await client.close();
      },
      {
        allow: (peer) => {
          peer.pidfd().close();
          return true;
        },
      } as ListenOptions,
    ));
});

describe("a listener that another process may have, too", () => {
  const shared = async (allow: ListenOptions["allow"]): Promise<[Listener, { path: string }]> => {
    const at = { path: freshPath() };
    const listener = await Listener.listen(at);
    return [Listener.from(listener.detach(), { allow } as ListenOptions), at];
  };

  it("refuses and accepts as any other", () =>
    counted(async () => {
      let asked = 0;
      const [listener, at] = await shared(() => ++asked > 3);
      const errors: unknown[] = [];
      const loop = listener.connections({
        onError: (error) => errors.push((error as NodeJS.ErrnoException).code),
      });
      const next = loop.next();
      const clients = [];
      for (let i = 0; i < 3; i++) {
        const client = await Socket.connect(at);
        clients.push(client);
        expect((await client.recvmsg()).eof).toBe(true);
      }
      clients.push(await Socket.connect(at));
      const { value: accepted } = await next;
      expect(errors).toEqual(new Array(3).fill("ERR_SENDMSG_PEER_REFUSED"));
      await Promise.all([...clients, accepted!, listener].map((each) => each.close()));
    }));

  it("refuses several that are there already", () =>
    counted(async () => {
      const at = { path: freshPath() };
      const first = await Listener.listen(at);
      const clients = [];
      for (let i = 0; i < 5; i++) clients.push(await Socket.connect(at));
      let asked = 0;
      const listener = Listener.from(first.detach(), { allow: () => ++asked === 5 });
      const accepted = await listener.accept();
      expect(asked).toBe(5);
      await Promise.all([...clients, accepted, listener].map((each) => each.close()));
    }));

  it("tryAccept() passes over refused peers, a turn later each", () =>
    counted(async () => {
      let asked = 0;
      const [listener, at] = await shared(() => ++asked > 1);
      const clients = [await Socket.connect(at), await Socket.connect(at)];
      let accepted = listener.tryAccept();
      for (; accepted === undefined; accepted = listener.tryAccept()) await turn();
      expect(asked).toBe(2);
      await Promise.all([...clients, accepted, listener].map((each) => each.close()));
    }));

  it("rejects with what the function throws, undefined too", () =>
    counted(async () => {
      const [listener, at] = await shared(() => {
        throw undefined;
      });
      const waiting = listener.accept();
      const client = await Socket.connect(at);
      await expect(waiting).rejects.toBeUndefined();
      await Promise.all([client, listener].map((each) => each.close()));
    }));

  it.each([true, false])("asks about the connection that its thread brings after close(): %s", (verdict) =>
    counted(async () => {
      let asked = 0;
      const [listener, at] = await shared(() => {
        asked++;
        return verdict;
      });
      const client = await Socket.connect(at);
      const waiting = listener.accept();
      const closing = listener.close();
      const outcome = await waiting.then(
        (socket) => socket.close().then(() => "accepted"),
        ({ code }) => code,
      );
      await closing;
      expect(asked).toBe(1);
      expect(outcome).toBe(verdict ? "accepted" : "ERR_SENDMSG_CLOSED");
      await Promise.all([client, listener].map((each) => each.close()));
    }),
  );
});

describe("peers of another user", () => {
  let dist: string;
  beforeAll(async () => {
    dist = await compiled();
    if (canBeNobody()) letOthersRead(dist);
  });
  // Not only in run(): there the test would be skipped while its sockets are open.
  const asNobody = skipUnless(
    "it takes root, another user who can read the library, and a processor that starts Node in less than ten seconds",
    canBeNobody() && (!isEmulated() || thorough),
  );

  asNobody("a flood of them, with descriptors in their queues, is refused beside one that is allowed", () =>
    counted(async () => {
      const at = { abstract: freshName() };
      const listener = await Listener.listen(at, { allow: { uid }, backlog: 600 });
      const FLOOD = 300;
      const sent = run(
        dist,
        `let sent = 0;
        // Not its own stdout: while a message with it waits here, its pipe does not end.
        const file = openSync("/dev/null");
        for (let i = 0; i < ${FLOOD}; i++) {
          const socket = await lib.Socket.connect({ abstract: ${JSON.stringify(at.abstract)} });
          keep(socket);
          sent += (await socket.sendmsg({ data: "x", fds: [file, file, file] })).bytes;
        }
        console.log(sent);
        process.exit();`,
        { uid: NOBODY },
      );
      expect(sent).toBe(String(FLOOD));
      const client = await Socket.connect(at);
      const refused: unknown[] = [];
      let turns = 0;
      const counting = setInterval(() => turns++, 0);
      for await (const accepted of listener.connections({ onError: (error) => refused.push(error) })) {
        expect(accepted.peer.credentials()).toEqual(ours);
        await accepted.close();
        break;
      }
      clearInterval(counting);
      expect(refused).toHaveLength(FLOOD);
      for (const error of refused) {
        expect(error).toMatchObject({
          code: "ERR_SENDMSG_PEER_REFUSED",
          credentials: { uid: NOBODY, gid: NOBODY },
        });
      }
      // 300 peers are more than two bursts.
      expect(turns).toBeGreaterThan(1);
      await Promise.all([client.close(), listener.close()]);
    }),
  );

  asNobody("that is allowed is let in, although its process has ended", () =>
    counted(async () => {
      const at = { abstract: freshName() };
      const listener = await Listener.listen(at, { allow: { uid: NOBODY, groups: NOBODY } });
      const refused = await Socket.connect(at);
      run(
        dist,
        `const socket = await lib.Socket.connect({ abstract: ${JSON.stringify(at.abstract)} });
        await socket.sendmsg({ data: "from nobody" });
        process.exit();`,
        { uid: NOBODY },
      );
      const accepted = await listener.accept();
      expect(accepted.peer.credentials()).toMatchObject({ uid: NOBODY, gid: NOBODY });
      expect(String((await accepted.recvmsg()).data)).toBe("from nobody");
      expect((await refused.recvmsg()).eof).toBe(true);
      await Promise.all([accepted, refused, listener].map((each) => each.close()));
    }),
  );
});
