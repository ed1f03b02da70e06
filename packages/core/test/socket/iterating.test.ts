import { afterEach, describe, expect, it, vi } from "vitest";
import { NETLINK_USERSOCK } from "../../src/constants/index.js";
import { EOPNOTSUPP } from "../../src/errno.js";
import { Listener, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { TYPES, withPair } from "../support/pairs.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";
import { pass, turn } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("messages that the kernel dropped because netlink's receive buffer was full", () => {
  const asRoot = isRoot ? onRealKernel : skipUnless("needs root: others may not join a netlink group", false);
  const LOST = { code: "ENOBUFS", syscall: "recvmsg", reason: "ERR_SENDMSG_MESSAGES_LOST" };
  const GROUP = 1;

  /** Sends `count` numbered messages to a group whose only member has room for some. */
  async function overrun(count: number, body: (member: Socket) => Promise<void>): Promise<void> {
    const options = { type: "dgram", protocol: NETLINK_USERSOCK } as const;
    const member = await Socket.bind({ family: "netlink", groups: GROUP }, options);
    member.options.set("rcvBuf", 1);
    const sender = await Socket.bind({ family: "netlink" }, options);
    for (let i = 0; i < count; i++) {
      // The kernel sends the message to the group, and then to port 0, where no socket is.
      const address = { family: "netlink", groups: GROUP } as const;
      expect(thrown(() => sender.trySendmsg({ data: `${i}`, address })).code).toBe("ECONNREFUSED");
    }
    await body(member);
    await Promise.all([member.close(), sender.close()]);
  }

  asRoot("make messages() throw, without onError", () =>
    counted(() =>
      overrun(16, async (member) => {
        const error = await rejection(member.messages().next());
        expect(error).toMatchObject(LOST);
        expect(error.message).toContain("has dropped messages");
        // The messages before the loss can still be received.
        expect(String((await member.recvmsg()).data)).toBe("0");
      }),
    ),
  );

  asRoot("are reported to onError, and messages() goes on", () =>
    counted(() =>
      overrun(16, async (member) => {
        const errors: Error[] = [];
        const messages = member.messages({ onError: (error) => errors.push(error) });
        expect(String((await messages.next()).value?.data)).toBe("0");
        expect(errors).toEqual([expect.objectContaining(LOST)]);
        await messages.return();
      }),
    ),
  );

  asRoot("make recvmsg() reject and tryRecvmsg() throw", () =>
    counted(async () => {
      await overrun(16, async (member) => expect(await rejection(member.recvmsg())).toMatchObject(LOST));
      await overrun(16, async (member) =>
        expect(() => member.tryRecvmsg()).toThrow(expect.objectContaining(LOST)),
      );
    }),
  );
});

describe("iteration, when the kernel refuses to watch another descriptor", () => {
  it("messages() calls onError, pauses and goes on", () =>
    withPair("seqpacket", async (a, b) => {
      refuseToWatch(3);
      const errors: unknown[] = [];
      const messages = b.messages({ onError: ({ code }: Error & { code?: string }) => errors.push(code) });
      const first = messages.next();
      while (errors.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      await a.sendmsg({ data: "there" });
      expect(String((await first).value?.data)).toBe("there");
      expect(errors).toEqual(["ENOSPC", "ENOSPC", "ENOSPC"]);
      await messages.return();
    }));

  it("connections() calls onError, pauses and goes on", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      refuseToWatch(3);
      const errors: unknown[] = [];
      const connections = listener.connections({
        onError: ({ code }: Error & { code?: string }) => errors.push(code),
      });
      const first = connections.next();
      while (errors.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      const client = await Socket.connect({ path });
      const server = (await first).value!;
      expect(errors).toEqual(["ENOSPC", "ENOSPC", "ENOSPC"]);
      await connections.return();
      await Promise.all([client.close(), server.close(), listener.close()]);
    }));
});

it("iteration pauses between errors that come again and again", () =>
  counted(async () => {
    const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const receive = vi.spyOn(binding(), "receive").mockReturnValue(-EOPNOTSUPP);
    const errors: Error[] = [];
    const messages = socket.messages({ onError: (error) => errors.push(error) });
    const first = messages.next();
    await pass(200);
    expect(errors.length).toBeGreaterThan(16);
    expect(errors.length).toBeLessThan(16 + 20);
    receive.mockRestore();
    await socket.sendmsg({ data: "there", address: socket.getsockname() });
    expect(String((await first).value?.data)).toBe("there");
    await messages.return();
    await socket.close();
  }));

describe("an iteration", () => {
  it("has the methods of an async generator", () =>
    withPair("dgram", async (a, b) => {
      const messages = b.messages();
      expect(String(messages)).toBe("[object AsyncGenerator]");
      expect(messages[Symbol.asyncIterator]()).toBe(messages);
      expect(await messages.return(Promise.resolve())).toEqual({ done: true, value: undefined });
      expect(await messages.next()).toEqual({ done: true, value: undefined });
      const thrown = new Error("thrown");
      expect(await rejection(b.messages().throw(thrown))).toBe(thrown);
      const failing = b.messages();
      expect(await rejection(failing.return(Promise.reject(thrown)))).toBe(thrown);
      await a.sendmsg({ data: "still there" });
      expect(String((await b.recvmsg()).data)).toBe("still there");
    }));

  it("gives each caller a result of its own", () =>
    withPair("dgram", async (_, b) => {
      const messages = b.messages();
      const first = await messages.return();
      (first as { done: boolean }).done = false;
      expect((await messages.next()).done).toBe(true);
    }));

  it("serves its calls in order, so that a return() comes after a next() that waits", () =>
    withPair("dgram", async (a, b) => {
      const messages = b.messages();
      const results = [messages.next(), messages.next(), messages.return(), messages.next()];
      await a.sendmsg({ data: "1" });
      await a.sendmsg({ data: "2" });
      const values = (await Promise.all(results)).map(({ value }) => value && String(value.data));
      expect(values).toEqual(["1", "2", undefined, undefined]);
      await a.sendmsg({ data: "3" });
      expect(String((await b.recvmsg()).data)).toBe("3");
    }));
});

describe.each(TYPES)("%s", (type) => {
  it("iteration yields each message, and leaves the socket open when the loop is left", () =>
    withPair(type, async (a, b) => {
      const seen: string[] = [];
      for (const letter of "abc") a.trySendmsg({ data: letter });
      for await (const message of b.messages({ size: 1 })) {
        seen.push(String(message.data));
        if (seen.length === 3) break;
      }
      a.trySendmsg({ data: "d" });
      for await (const message of b) {
        seen.push(String(message.data));
        break;
      }
      expect(seen.join("")).toBe("abcd");
      expect(b.closed).toBe(false);
    }));

  it("an error in the loop's body leaves the socket usable and loses no descriptor", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0] });
      const loop = async () => {
        for await (using message of b.messages({ maxFds: 1 })) throw new Error(`${message.fds.length}`);
      };
      expect((await rejection(loop())).message).toBe("1");
      await a.sendmsg({ data: "y" });
      expect(String((await b.recvmsg()).data)).toBe("y");
    }));

  it("iteration ends when it is aborted", () =>
    withPair(type, async (_, b) => {
      const controller = new AbortController();
      const loop = async () => {
        for await (const message of b.messages({ signal: controller.signal }))
          expect(message).toBeUndefined();
      };
      const looping = rejection(loop());
      await turn();
      controller.abort("why");
      expect(await looping).toMatchObject({ code: "ABORT_ERR", cause: "why" });
    }));

  it("iteration ends when the socket closes", () =>
    withPair(type, async (_, b) => {
      const looping = b.messages().next();
      await turn();
      await b.close();
      expect(await looping).toEqual({ done: true, value: undefined });
    }));
});
