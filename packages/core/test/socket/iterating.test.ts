import { afterEach, describe, expect, it, vi } from "vitest";
import { NETLINK_USERSOCK } from "../../src/constants/index.js";
import { EOPNOTSUPP } from "../../src/errno.js";
import { Listener, Socket } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { counted } from "../counted.js";
import { pass, rejection, thrown, withPair } from "../pairs.js";
import { isRoot, onRealKernel, skipUnless } from "../target.js";
import { freshPath } from "../transports.js";
import { refuseToWatch } from "../watching.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("messages that the kernel has dropped, because netlink's receive buffer was full", () => {
  const asRoot = isRoot ? onRealKernel : skipUnless("needs root: others may not join a netlink group", false);
  const LOST = { code: "ENOBUFS", syscall: "recvmsg", reason: "ERR_SENDMSG_MESSAGES_LOST" };
  const GROUP = 1;

  /** Sends `count` numbered messages to a group whose one member has room for some. */
  async function overrun(count: number, body: (member: Socket) => Promise<void>): Promise<void> {
    const options = { type: "dgram", protocol: NETLINK_USERSOCK } as const;
    const member = await Socket.bind({ family: "netlink", groups: GROUP }, options);
    member.options.set("rcvBuf", 1);
    const sender = await Socket.bind({ family: "netlink" }, options);
    for (let i = 0; i < count; i++) {
      // The kernel sends it to the group first, and then to port 0 as well: nobody is there.
      const address = { family: "netlink", groups: GROUP } as const;
      expect(thrown(() => sender.trySendmsg({ data: `${i}`, address })).code).toBe("ECONNREFUSED");
    }
    await body(member);
    await Promise.all([member.close(), sender.close()]);
  }

  asRoot("messages() throws the loss, if nobody listens to errors", () =>
    counted(() =>
      overrun(16, async (member) => {
        const error = await rejection(member.messages().next());
        expect(error).toMatchObject(LOST);
        expect(error.message).toContain("has dropped messages");
        // What came before the loss is still there.
        expect(String((await member.recvmsg()).data)).toBe("0");
      }),
    ),
  );

  asRoot("with onError, it is told and messages() goes on", () =>
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

  asRoot("recvmsg rejects, tryRecvmsg throws", () =>
    counted(async () => {
      await overrun(16, async (member) => expect(await rejection(member.recvmsg())).toMatchObject(LOST));
      await overrun(16, async (member) =>
        expect(() => member.tryRecvmsg()).toThrow(expect.objectContaining(LOST)),
      );
    }),
  );
});

describe("iteration, when there is nothing to watch with", () => {
  it("messages() tells onError, waits a little and goes on", () =>
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

  it("so does connections()", () =>
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

it("an error that does not end the iteration, and comes again and again, is waited out", () =>
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

  it("serves its calls in their order, and a return() behind a next() that waits", () =>
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
