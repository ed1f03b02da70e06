import { describe, expect, it, vi } from "vitest";
import { SO_OOBINLINE, SO_PASSCRED, SO_TIMESTAMP_OLD, SOL_SOCKET } from "../src/constants/index.js";
import { EMFILE, ENOMEM } from "../src/errno.js";
import { FileDescriptor, Listener, Socket, socketpair, socketpairForChild } from "../src/index.js";
import { binding } from "../src/native/load.js";
import { getsockopt } from "../src/syscalls/index.js";
import { counted } from "./support/counted.js";
import { isCloseOnExec, isNonBlocking } from "./support/descriptor-state.js";
import { freshPath } from "./support/fresh-places.js";
import { has } from "./support/kernel-features.js";
import { rejection, thrown } from "./support/outcome.js";
import { TYPES } from "./support/pairs.js";
import { skipUnless } from "./support/skip-unless.js";

const isOn = (fd: number, option: number): boolean => getsockopt(fd, SOL_SOCKET, option) !== 0;

describe("socketpairForChild()", () => {
  it("makes a stream by default", () =>
    counted(async () => {
      const [socket, end] = socketpairForChild();
      expect(socket.type).toBe("stream");
      end.close();
      await socket.close();
    }));

  it.each(TYPES)(
    "%s: our end is non-blocking, the child's end is blocking, and both are close-on-exec",
    (type) =>
      counted(async () => {
        const [socket, end] = socketpairForChild(type);
        expect(socket).toBeInstanceOf(Socket);
        expect(socket.type).toBe(type);
        expect(end).toBeInstanceOf(FileDescriptor);
        expect([isNonBlocking(socket.fd), isNonBlocking(end.fd)]).toEqual([true, false]);
        expect([isCloseOnExec(socket.fd), isCloseOnExec(end.fd)]).toEqual([true, true]);
        end.close();
        await socket.close();
      }),
  );

  it.each(TYPES)("%s: switches nothing on at the child's end, also when our end receives", (type) =>
    counted(async () => {
      const [socket, end] = socketpairForChild(type, { receive: ["credentials"] });
      const receiving = rejection(socket.recvmsg());
      const options = [SO_PASSCRED, SO_OOBINLINE, SO_TIMESTAMP_OLD];
      expect(options.filter((option) => isOn(end.fd, option))).toEqual([]);
      expect(isOn(socket.fd, SO_PASSCRED)).toBe(true);
      await socket.close();
      await receiving;
      end.close();
    }),
  );

  it.each(TYPES)("%s: connects both ends", (type) =>
    counted(async () => {
      const [socket, end] = socketpairForChild(type, { maxFds: 1 });
      const other = Socket.from(end);
      expect(end.fd).toBe(-1);
      await socket.sendmsg({ data: "there" });
      expect(String((await other.recvmsg()).data)).toBe("there");
      await other.sendmsg({ data: "back", fds: [0] });
      const message = await socket.recvmsg();
      expect([String(message.data), message.fds.length]).toEqual(["back", 1]);
      message[Symbol.dispose]();
      await Promise.all([socket.close(), other.close()]);
    }),
  );

  skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights())(
    'with maxFds "refuse", the child can still receive descriptors, and can send none',
    () =>
      counted(async () => {
        const [socket, end] = socketpairForChild("stream", { maxFds: "refuse" });
        const child = Socket.from(end, { maxFds: 1 });
        await socket.sendmsg({ data: "x", fds: [0] });
        const message = await child.recvmsg();
        expect(message.fds.length).toBe(1);
        message[Symbol.dispose]();
        expect((await rejection(child.sendmsg({ data: "x", fds: [0] }))).code).toBe("EPERM");
        await Promise.all([socket.close(), child.close()]);
      }),
  );

  it.each([
    ["tcp", {}, "type"],
    ["raw", {}, "type"],
    ["stream", { type: "stream" }, "options.type"],
    ["stream", { mode: 0o600 }, "options.mode"],
    ["stream", { reusePort: true }, "options.reusePort"],
    ["stream", { maxFds: 254 }, "options.maxFds"],
    ["stream", { receive: ["ipTos"] }, "options.receive"],
    ["stream", null, "options"],
  ])("refuses %o, %o", (type, options, argument) =>
    counted(() => {
      const error = thrown(() => socketpairForChild(type as "stream", options as object));
      expect(error.argument).toMatch(new RegExp(`^${argument}`));
    }),
  );

  it.each([
    ["socketpair", -EMFILE, "EMFILE", "socketpair"],
    ["setNonBlocking", -ENOMEM, "ENOMEM", "fcntl"],
  ] as const)("leaves no descriptor behind if %s fails", (call, result, code, syscall) =>
    counted(() => {
      const spy = vi.spyOn(binding(), call).mockReturnValue(result);
      try {
        expect(thrown(() => socketpairForChild())).toMatchObject({ code, syscall });
      } finally {
        spy.mockRestore();
      }
    }),
  );
});

describe("detach({ blocking: true })", () => {
  it.each(TYPES)("makes a %s socket blocking, and switches off what the library had switched on", (type) =>
    counted(async () => {
      const [a, b] = socketpair(type);
      await a.sendmsg({ data: "x" });
      await b.recvmsg();
      const end = b.detach({ blocking: true });
      expect(isNonBlocking(end.fd)).toBe(false);
      expect([SO_OOBINLINE, SO_TIMESTAMP_OLD].filter((option) => isOn(end.fd, option))).toEqual([]);
      expect(isNonBlocking(a.fd)).toBe(true);
      end.close();
      await a.close();
    }),
  );

  it.each([{}, { blocking: false }, undefined])("%o leaves O_NONBLOCK on", (options) =>
    counted(async () => {
      const [a, b] = socketpair();
      const listener = await Listener.listen({ path: freshPath() });
      const ends = [a.detach(options), b.detach(options), listener.detach(options)];
      expect(ends.map(({ fd }) => isNonBlocking(fd))).toEqual([true, true, true]);
      for (const end of ends) end.close();
    }),
  );

  it("makes a listener blocking", () =>
    counted(async () => {
      const listener = await Listener.listen({ path: freshPath() });
      const end = listener.detach({ blocking: true });
      expect(isNonBlocking(end.fd)).toBe(false);
      end.close();
    }));

  it.each([
    [{ blocking: 1 }, "options.blocking"],
    [null, "options"],
    [true, "options"],
  ])("refuses %o, and the socket stays usable", (options, argument) =>
    counted(async () => {
      const [a, b] = socketpair();
      const listener = await Listener.listen({ path: freshPath() });
      for (const each of [a, listener]) {
        expect(thrown(() => each.detach(options as object))).toMatchObject({
          code: "ERR_INVALID_ARG_TYPE",
          argument,
        });
        expect(each.closed).toBe(false);
      }
      await a.sendmsg({ data: "still" });
      expect(String((await b.recvmsg()).data)).toBe("still");
      await Promise.all([a.close(), b.close(), listener.close()]);
    }),
  );

  it("leaves a socket that is in use as it was", () =>
    counted(async () => {
      const [a, b] = socketpair();
      const receiving = a.recvmsg();
      expect(thrown(() => a.detach({ blocking: true })).code).toBe("ERR_INVALID_STATE");
      expect(isNonBlocking(a.fd)).toBe(true);
      await b.sendmsg({ data: "x" });
      await receiving;
      await Promise.all([a.close(), b.close()]);
    }));

  it("throws the kernel's error, and the socket stays usable", () =>
    counted(async () => {
      const [a, b] = socketpair();
      const listener = await Listener.listen({ path: freshPath() });
      const spy = vi.spyOn(binding(), "ioctl").mockReturnValue(-ENOMEM);
      try {
        for (const each of [a, listener]) {
          expect(thrown(() => each.detach({ blocking: true }))).toMatchObject({
            code: "ENOMEM",
            syscall: "ioctl",
          });
          expect(each.closed).toBe(false);
        }
      } finally {
        spy.mockRestore();
      }
      await Promise.all([a.close(), b.close(), listener.close()]);
    }));
});
