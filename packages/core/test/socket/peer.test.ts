import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { AF_UNIX, SOCK_DGRAM } from "../../src/constants/index.js";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { counted, settled } from "../counted.js";
import { isOpen } from "../descriptors.js";
import { closeAll, open, own, tcp, unix } from "../kernel/sockets.js";
import { thrown } from "../pairs.js";
import { has, isEmulated, isRoot, kernelIsAtLeast, onRealKernel, skipUnless } from "../target.js";
import { freshPath } from "../transports.js";

afterEach(closeAll);

const NOT_UNIX = "ERR_SENDMSG_NOT_UNIX";

/** The groups of this process, as /proc shows them. */
function ownGroups(): number[] {
  const [, list] = /^Groups:[ \t]*(.*)$/m.exec(readFileSync("/proc/self/status", "latin1"))!;
  return list!
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
}

/** getsockopt(2) as it might be elsewhere. */
function withAnswer(answer: (value: Uint8Array) => number, body: () => void): void {
  const native = binding();
  const { getsockopt } = native;
  Object.assign(native, {
    getsockopt: (_fd: number, _level: number, _option: number, value: Uint8Array) => answer(value),
  });
  try {
    body();
  } finally {
    Object.assign(native, { getsockopt });
  }
}

describe("credentials", () => {
  it("are this process's, on a pair and over a listener", async () => {
    const expected = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
    const [a, b] = socketpair();
    own(a);
    own(b);
    expect(a.peer.credentials()).toEqual(expected);
    expect(b.getPeerCredentials()).toEqual(expected);
    expect(a.peer).toBe(a.peer);
    const listener = own(await Listener.listen({ path: freshPath() }));
    const client = own(await Socket.connect(listener.getsockname()));
    const server = own(await listener.accept());
    expect(client.peer.credentials()).toEqual(expected);
    expect(server.peer.credentials()).toEqual(expected);
  });

  it("without a peer, they are nobody's", () => {
    const socket = open(AF_UNIX, SOCK_DGRAM);
    expect(socket.peer.credentials()).toEqual({ pid: 0, uid: 0xffffffff, gid: 0xffffffff });
  });
});

describe("pidfd", () => {
  skipUnless("SO_PEERPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
    "is a descriptor of the process, in custody from the start, the caller's to close",
    () =>
      counted(async () => {
        const [a, b] = socketpair();
        const held = binding().held();
        const pidfd = a.peer.pidfd();
        expect(binding().held()).toBe(held + 1);
        expect(readFileSync(`/proc/self/fdinfo/${pidfd.fd}`, "latin1")).toMatch(
          new RegExp(`^Pid:\\s*${process.pid}$`, "m"),
        );
        const { fd } = pidfd;
        pidfd.close();
        await settled();
        expect(isOpen(fd)).toBe(false);
        a.getPeerPidfd().close();
        await Promise.all([a.close(), b.close()]);
      }),
  );

  skipUnless("SO_PEERPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
    "without a peer there is none",
    () => {
      const socket = open(AF_UNIX, SOCK_DGRAM);
      expect(thrown(() => socket.peer.pidfd())).toMatchObject({ code: "ENODATA", syscall: "getsockopt" });
    },
  );

  it("on a kernel without it: ENOPROTOOPT", () => {
    const socket = unix("stream")[0];
    withAnswer(
      () => -92,
      () => {
        const error = thrown(() => socket.peer.pidfd());
        expect(error).toMatchObject({ code: "ENOPROTOOPT", syscall: "getsockopt" });
        if (!kernelIsAtLeast(6, 5)) expect(error.message).toContain("Linux has SO_PEERPIDFD since 6.5");
      },
    );
  });
});

describe("groups", () => {
  onRealKernel("are this process's", () => {
    const socket = unix("stream")[0];
    expect([...socket.peer.groups()].sort()).toEqual([...ownGroups()].sort());
  });

  skipUnless("it takes root, and process.setgroups", isRoot && !isEmulated() && !!process.setgroups)(
    "are those of when the sockets were made, on a real kernel",
    () => {
      const before = process.getgroups!();
      process.setgroups!([4711, 0, 70_000]);
      let socket: Socket;
      try {
        [socket] = unix("stream");
      } finally {
        process.setgroups!(before);
      }
      expect(socket.peer.groups()).toEqual([0, 4711, 70_000]);
    },
  );

  onRealKernel("without a peer there are none", () => {
    const socket = open(AF_UNIX, SOCK_DGRAM);
    expect(thrown(() => socket.peer.groups())).toMatchObject({ code: "ENODATA" });
  });

  it("more of them than there was room for", () => {
    const socket = unix("stream")[0];
    const many = Uint32Array.from({ length: 50_000 }, (_, i) => i * 3);
    let calls = 0;
    withAnswer(
      (value) => {
        calls++;
        if (value.length < many.byteLength) return -34; // ERANGE
        value.set(new Uint8Array(many.buffer));
        return many.byteLength;
      },
      () => expect(socket.peer.groups()).toEqual([...many]),
    );
    expect(calls).toBe(4);
  });
});

describe("the security label", () => {
  it("is there, or no security module has one", () => {
    const socket = unix("stream")[0];
    let label: string | Uint8Array;
    try {
      label = socket.peer.securityLabel();
    } catch (error) {
      expect(error).toMatchObject({
        code: "ENOPROTOOPT",
        message: expect.stringContaining("no security module labels this socket's peer"),
      });
      return;
    }
    const ours = readFileSync("/proc/self/attr/current", "utf8").replace(/[\0\n]+$/, "");
    expect(label).toBe(ours);
  });

  it("grows with what the module has", () => {
    const socket = unix("stream")[0];
    const label = "x".repeat(100_000);
    withAnswer(
      (value) => {
        if (value.length < label.length) return -34; // ERANGE
        value.set(Buffer.from(`${label}\0`));
        return label.length + 1;
      },
      () => expect(socket.peer.securityLabel()).toBe(label),
    );
  });

  it("that is no text is bytes", () => {
    const socket = unix("stream")[0];
    withAnswer(
      (value) => {
        value.set([0xff, 0xfe]);
        return 2;
      },
      () => expect(socket.peer.securityLabel()).toEqual(Uint8Array.of(0xff, 0xfe)),
    );
  });
});

it("sockets of other families know no process at the other end", async () => {
  const [client] = await tcp();
  for (const call of [
    () => client.peer.credentials(),
    () => client.peer.pidfd(),
    () => client.peer.groups(),
    () => client.getPeerCredentials(),
    () => client.getPeerPidfd(),
  ]) {
    expect(thrown(call)).toMatchObject({ code: NOT_UNIX });
  }
});
