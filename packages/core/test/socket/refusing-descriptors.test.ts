import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_UNIX,
  SO_PASSRIGHTS,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { ENOPROTOOPT, EPERM } from "../../src/errno.js";
import { Listener, Socket, type SocketType, socketpair } from "../../src/index.js";
import { DENIED } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import {
  bind,
  close,
  getsockopt,
  listen,
  socket as socketNumber,
  socketpair as socketpairOfNumbers,
} from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { has } from "../support/kernel-features.js";
import { rejection, thrown } from "../support/outcome.js";
import { TYPES, withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const withPassRights = skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights());

const CONNECTED = ["stream", "seqpacket"] as const satisfies readonly SocketType[];
const isRefusing = ({ fd }: { fd: number }): boolean => getsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS) === 0;

/** Checks that the peer's message with a descriptor fails, and that one without arrives. */
async function expectRefusal(sender: Socket, receiver: Socket): Promise<void> {
  const error = await rejection(sender.sendmsg({ data: "with", fds: [0] }));
  expect(error).toMatchObject({ code: "EPERM", syscall: "sendmsg", bytesSent: 0 });
  expect(error.message).toContain("SO_PASSRIGHTS");
  expect(thrown(() => sender.trySendmsg({ data: "with", fds: [0] })).message).toContain("SO_PASSRIGHTS");
  await sender.sendmsg({ data: "without" });
  const message = await receiver.recvmsg();
  expect([String(message.data), message.fds.length, message.droppedFds]).toEqual(["without", 0, 0]);
}

describe('maxFds: "refuse"', () => {
  for (const type of TYPES) {
    withPassRights(`${type}: no descriptor arrives, and the sender gets EPERM`, () =>
      withPair(type, expectRefusal, { maxFds: "refuse" }),
    );
  }

  for (const type of CONNECTED) {
    withPassRights(`${type}: an accepted socket refuses from its first moment`, () =>
      counted(async () => {
        const at = { path: join(temporaryDirectory(), "listener.sock") };
        const listener = await Listener.listen(at, { type, maxFds: "refuse" });
        const client = await Socket.connect(at, { type });
        // The connection is not accepted yet.
        expect((await rejection(client.sendmsg({ data: "x", fds: [0] }))).code).toBe("EPERM");
        const server = await listener.accept();
        await expectRefusal(client, server);
        await Promise.all([client, server, listener].map((socket) => socket.close()));
      }),
    );
  }

  withPassRights("a connecting socket refuses, and so does a bound one", () =>
    counted(async () => {
      const at = { path: join(temporaryDirectory(), "bound.sock") };
      const bound = await Socket.bind(at, { type: "dgram", maxFds: "refuse" });
      const client = await Socket.connect(at, { type: "dgram" });
      await expectRefusal(client, bound);
      const connected = await Socket.connect(at, { type: "dgram", maxFds: "refuse" });
      expect(isRefusing(connected)).toBe(true);
      await Promise.all([client, connected, bound].map((socket) => socket.close()));
    }),
  );

  withPassRights("a socket refuses before it is bound and before it listens", () =>
    counted(async () => {
      const native = binding();
      const order: string[] = [];
      const spies = (["setsockopt", "bind", "listen"] as const).map((name) => {
        const call = native[name] as (...args: unknown[]) => number;
        return vi.spyOn(native, name).mockImplementation((...args: unknown[]) => {
          if (name !== "setsockopt" || args[2] === SO_PASSRIGHTS) order.push(name);
          return call(...args);
        });
      });
      try {
        const at = { abstract: `sendmsg-refusing-${process.pid}` };
        await (await Listener.listen(at, { maxFds: "refuse" })).close();
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      expect(order).toEqual(["setsockopt", "bind", "listen"]);
    }),
  );

  withPassRights(
    "a socket that is taken over refuses from then on, and drops and counts the earlier descriptors",
    () =>
      counted(async () => {
        const [a, b] = socketpairOfNumbers(AF_UNIX, SOCK_STREAM);
        const sender = Socket.from(b);
        await sender.sendmsg({ data: "x", fds: [0, 0] });
        const receiver = Socket.from(a, { maxFds: "refuse" });
        const message = await receiver.recvmsg();
        expect([String(message.data), message.fds.length, message.droppedFds]).toEqual(["x", 0, 2]);
        await expectRefusal(sender, receiver);
        await Promise.all([sender.close(), receiver.close()]);
      }),
  );

  withPassRights(
    "a listener that is taken over makes all accepted sockets refuse, even those that connected before",
    () =>
      counted(async () => {
        const at = { path: join(temporaryDirectory(), "taken.sock") };
        const fd = socketNumber(AF_UNIX, SOCK_STREAM);
        bind(fd, encodeAddress(at));
        listen(fd, 5);
        const early = await Socket.connect(at);
        await early.sendmsg({ data: "x", fds: [0] });
        const listener = Listener.from(fd, { maxFds: "refuse" });
        const late = await Socket.connect(at);
        const servers = [await listener.accept(), await listener.accept()] as const;
        expect((await servers[0].recvmsg()).droppedFds).toBe(1);
        await expectRefusal(early, servers[0]);
        await expectRefusal(late, servers[1]);
        await Promise.all([early, late, listener, ...servers].map((socket) => socket.close()));
      }),
  );

  withPassRights("a single receive can't raise it, and can say 0", () =>
    withPair(
      "stream",
      async (a, b) => {
        const error = await rejection(a.recvmsg({ maxFds: 1 }));
        expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "options.maxFds" });
        expect(error.message).toContain('"refuse"');
        expect(thrown(() => a.tryRecvmsg({ maxFds: 1 })).code).toBe("ERR_INVALID_ARG_VALUE");
        await b.sendmsg({ data: "x" });
        expect(String((await a.recvmsg({ maxFds: 0 })).data)).toBe("x");
      },
      { maxFds: "refuse" },
    ),
  );

  it("is refused as an option of a single receive", () =>
    withPair("stream", async (a) => {
      const error = await rejection(a.recvmsg({ maxFds: "refuse" as never }));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "options.maxFds" });
      expect(error.message).toContain("where the socket is made");
    }));

  it("is the only word that maxFds accepts", async () => {
    const error = thrown(() => socketpair("stream", { maxFds: "none" as never }));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", argument: "options.maxFds" });
    expect(error.message).toContain('"refuse"');
  });

  it("is refused on a socket that is not AF_UNIX", () =>
    counted(async () => {
      const at = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
      const errors = [
        await rejection(Socket.connect({ ...at, port: 1 }, { maxFds: "refuse" })),
        await rejection(Socket.bind(at, { type: "dgram", maxFds: "refuse" })),
        await rejection(Listener.listen(at, { maxFds: "refuse" })),
      ];
      const fd = socketNumber(AF_INET, SOCK_DGRAM);
      errors.push(thrown(() => Socket.from(fd, { maxFds: "refuse" })));
      close(fd);
      for (const error of errors) {
        expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "options.maxFds" });
        expect(error.message).toContain("Unix");
      }
    }));

  it.each([
    ["an older kernel", -ENOPROTOOPT, "ENOPROTOOPT"],
    ["a seccomp filter", DENIED - EPERM, "EPERM"],
  ])("leaves no socket behind if %s fails", (_, result, code) =>
    counted(async () => {
      const at = { abstract: `sendmsg-refused-${process.pid}` };
      const [a, b] = socketpairOfNumbers(AF_UNIX, SOCK_STREAM);
      const setsockopt = vi.spyOn(binding(), "setsockopt").mockReturnValue(result);
      try {
        const errors = [
          thrown(() => socketpair("stream", { maxFds: "refuse" })),
          thrown(() => Socket.from(a, { maxFds: "refuse" })),
          await rejection(Socket.bind(at, { maxFds: "refuse" })),
          await rejection(Socket.connect(at, { maxFds: "refuse" })),
          await rejection(Listener.listen(at, { maxFds: "refuse" })),
        ];
        for (const error of errors) {
          expect(error).toMatchObject({ code, syscall: "setsockopt" });
          for (const part of ["SO_PASSRIGHTS", 'maxFds: "refuse"', "since 6.16"]) {
            expect(error.message).toContain(part);
          }
        }
      } finally {
        setsockopt.mockRestore();
      }
      close(a);
      close(b);
    }),
  );
});

describe("the error of a send that the receiver refuses", () => {
  it.each([
    ["with descriptors names SO_PASSRIGHTS", { fds: [0] }, true],
    ["without descriptors does not", {}, false],
  ])("%s", (_, message, isNamed) =>
    withPair("stream", async (a) => {
      const sendmsg = vi.spyOn(binding(), "send").mockReturnValue(-EPERM);
      try {
        const error = await rejection(a.sendmsg({ data: "x", ...message }));
        expect(error.code).toBe("EPERM");
        expect(error.message.includes("SO_PASSRIGHTS")).toBe(isNamed);
      } finally {
        sendmsg.mockRestore();
      }
    }),
  );

  it("names a seccomp filter, and not SO_PASSRIGHTS, if a filter refuses the call", () =>
    withPair("stream", async (a) => {
      const sendmsg = vi.spyOn(binding(), "send").mockReturnValue(DENIED - EPERM);
      try {
        const error = await rejection(a.sendmsg({ data: "x", fds: [0] }));
        expect(error.message).toContain("seccomp");
        expect(error.message).not.toContain("SO_PASSRIGHTS");
      } finally {
        sendmsg.mockRestore();
      }
    }));
});
