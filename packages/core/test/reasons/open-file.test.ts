import { open } from "node:fs/promises";
import { createServer, Socket as NetSocket } from "node:net";
import { describe, expect, it } from "vitest";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { FileDescriptor, Listener, Socket, socketpair } from "../../src/index.js";
import { openFile } from "../../src/reasons/open-file.js";
import { isDeno } from "../../src/runtime.js";
import { close, socket as openSocket } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { closeSync, openSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { withFiles } from "../support/skip-unless.js";

const TAKES =
  'The "source" argument must be a descriptor number, a FileDescriptor or one of Node\'s sockets.';
const INSTEAD = "To open a socket at an address, use Socket.connect(), Socket.bind() or Listener.listen()";
const both = [
  ["Socket.from", (source: unknown) => Socket.from(source as never)],
  ["Listener.from", (source: unknown) => Listener.from(source as never)],
] as const;

describe.each(both)("an error of %s() says what the source is", (_, from) => {
  const message = (source: unknown) => thrown(() => from(source)).message;

  it("a number that is not open", () =>
    counted(() => {
      const error = thrown(() => from(999_999));
      expect(error).toMatchObject({ code: "EBADF", errno: -9, syscall: "fcntl" });
      expect(error.message).toBe("fcntl EBADF: source is 999999, which is not an open descriptor");
    }));

  it("a file", () =>
    counted(() => {
      const fd = openSync("/proc/self/status", "r");
      const error = thrown(() => from(fd));
      expect(error).toMatchObject({ code: "ENOTSOCK", errno: -88, syscall: "getsockopt" });
      expect(error.message).toBe(
        `getsockopt ENOTSOCK: source is descriptor ${fd}, which is the file /proc/${process.pid}/status, and no socket. ` +
          "To own it, use FileDescriptor.adopt(); to send it, put it in message.fds",
      );
      closeSync(fd);
    }));

  withFiles("a FileHandle", () =>
    counted(async () => {
      await using handle = await open("/proc/self/status");
      expect(message(handle)).toBe(
        `${TAKES} Received an instance of FileHandle. Only sockets can be taken over, and this is the file /proc/${process.pid}/status`,
      );
    }),
  );

  it("text, or an address", () =>
    counted(() => {
      expect(message("x")).toBe(`${TAKES} Received type string ("x"). ${INSTEAD}`);
      expect(message({ path: "/x" })).toBe(`${TAKES} Received an instance of Object. ${INSTEAD}`);
      expect(message(undefined)).toBe(`${TAKES} Received undefined`);
    }));

  it("an object with a socket's number", () =>
    counted(() => {
      const fd = openSocket(AF_UNIX, SOCK_STREAM);
      expect(message({ fd })).toBe(`${TAKES} Received an instance of Object. Give its number, fd`);
      close(fd);
    }));

  it("a FileDescriptor that is closed", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(openSync("/proc/self/status", "r"));
      descriptor.close();
      expect(message(descriptor)).toBe(
        'The "source" argument is a FileDescriptor that was closed, detached or handed over',
      );
    }));

  it("a Socket or Listener of this library", () =>
    counted(async () => {
      await using listener = await Listener.listen({ path: freshPath() });
      expect(message(listener)).toBe(
        'The "source" argument is an instance of Listener of this library already. Use it as it is, or give what its detach() returns',
      );
      const error = thrown(() => from(listener.fd));
      expect(error).toMatchObject({ code: "ERR_SENDMSG_FD_OWNED" });
      expect(error.message).toBe(
        `Descriptor ${listener.fd} already has an owner: a FileDescriptor, Socket or Listener. ` +
          "Call the owner's detach() to take it over",
      );
    }));

  it("a net.Server that does not listen yet", () =>
    counted(() => {
      expect(message(createServer())).toBe(
        'The "source" argument is an instance of Server without a descriptor: it is closed, or not yet open',
      );
    }));
});

describe("the other function", () => {
  it("is named for a socket that does not listen, or does", () =>
    counted(async () => {
      const [a, b] = socketpair();
      const descriptor = a.detach();
      expect(thrown(() => Listener.from(descriptor)).message).toBe(
        'The "source" argument is a socket that does not listen. Use Socket.from() for it',
      );
      const listening = (await Listener.listen({ path: freshPath() })).detach();
      expect(thrown(() => Socket.from(listening)).message).toBe(
        'The "source" argument is a listening socket. Use Listener.from() for it',
      );
      descriptor.close();
      listening.close();
      await b.close();
    }));
});

describe("an error about message.fds says what to write", () => {
  const TAKES_ONE =
    'The "message.fds[0]" argument must be a descriptor number, or a FileDescriptor, FileHandle, socket, server or other object with an fd.';
  const TAKES_LIST = 'The "message.fds" argument must be an array of descriptors.';
  const cases: [string, () => unknown, string][] = [
    ["[undefined]", () => [undefined], `${TAKES_ONE} Received undefined`],
    ["[{}]", () => [{}], `${TAKES_ONE} Received an instance of Object`],
    ["[promise]", () => [Promise.resolve(0)], `${TAKES_ONE} Received an instance of Promise. Await it first`],
    [
      "[path]",
      () => ["/x"],
      `${TAKES_ONE} Received type string ("/x"). Open the file first, and give its FileHandle or its number`,
    ],
    [
      "path",
      () => "/x",
      `${TAKES_LIST} Received type string ("/x"). Open the file first, and give its FileHandle or its number in an array`,
    ],
    ["set", () => new Set(), `${TAKES_LIST} Received an instance of Set. Write [...set]`],
    ["number", () => 5, `${TAKES_LIST} Received type number (5). Write [file] for one`],
    ["socket", () => new NetSocket(), `${TAKES_LIST} Received an instance of Socket. Write [file] for one`],
    [
      "[socket that is not open]",
      () => [new NetSocket()],
      'The "message.fds[0]" argument is an instance of Socket without a descriptor: it is closed, or not yet open',
    ],
  ];

  it.each(cases)("%s", (_, fds, expected) =>
    withPair("stream", async (a) => {
      expect((await rejection(a.sendmsg({ data: "x", fds: fds() as never }))).message).toBe(expected);
    }),
  );

  it("a FileDescriptor that is closed", () =>
    withPair("stream", async (a) => {
      const descriptor = FileDescriptor.adopt(openSync("/proc/self/status", "r"));
      descriptor.close();
      expect((await rejection(a.sendmsg({ data: "x", fds: [descriptor] }))).message).toBe(
        'The "message.fds[0]" argument is a FileDescriptor that was closed, detached or handed over',
      );
    }));

  it("text in place of the message", () =>
    withPair("stream", async (a) => {
      for (const message of ["hello", Buffer.from("x")]) {
        expect((await rejection(a.sendmsg(message as never))).message).toMatch(
          /^The "message" argument must be of type object\. Received .*\. Write sendmsg\(\{ data: … \}\)$/,
        );
      }
    }));
});

describe("FileDescriptor.adopt()", () => {
  it("says that a number is not open", () => {
    const error = thrown(() => FileDescriptor.adopt(999_999));
    expect(error).toMatchObject({ code: "EBADF", syscall: "fcntl" });
    expect(error.message).toBe("fcntl EBADF: fd is 999999, which is not an open descriptor");
  });

  it("says what to give for an object that owns its descriptor", () => {
    expect(thrown(() => FileDescriptor.adopt({ fd: 3 } as never)).message).toBe(
      'The "fd" argument must be of type number. Received an instance of Object. ' +
        "It closes its descriptor itself, so give a duplicate: dup(x.fd) of sendmsg/syscalls",
    );
  });
});

describe("openFile", () => {
  it.skipIf(isDeno)("says what a descriptor refers to, without asking the file's file system", () =>
    counted(() => {
      const fd = openSync("/dev/null", "r");
      expect(openFile(fd)).toBe("the file /dev/null");
      closeSync(fd);
      expect(openFile(fd)).toBe("closed");
      const socket = openSocket(AF_UNIX, SOCK_STREAM);
      expect(openFile(socket)).toBe("a socket");
      close(socket);
    }),
  );
});
