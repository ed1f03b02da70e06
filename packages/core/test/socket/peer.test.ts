import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_UNIX, SOCK_DGRAM } from "../../src/constants/index.js";
import { ENOPROTOOPT } from "../../src/errno.js";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { closeAll, own } from "../support/closing.js";
import { counted, settled } from "../support/counted.js";
import { isOpen } from "../support/descriptor-state.js";
import { freshPath } from "../support/fresh-places.js";
import { has } from "../support/kernel-features.js";
import { thrown } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { open, tcp, unix } from "../support/sockets.js";
import { isEmulated, isRoot, kernelIsAtLeast } from "../support/target.js";
import { withBound } from "../support/transports.js";

afterEach(() => vi.restoreAllMocks());
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

/** Makes getsockopt(2) answer as another kernel might. */
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
  it("are those of this process, on a pair and over a listener", async () => {
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

  it("are those of nobody without a peer", () => {
    const socket = open(AF_UNIX, SOCK_DGRAM);
    expect(socket.peer.credentials()).toEqual({ pid: 0, uid: 0xffffffff, gid: 0xffffffff });
  });
});

describe("pidfd", () => {
  skipUnless("SO_PEERPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
    "is a descriptor that the caller owns",
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
    "is refused without a peer",
    () => {
      const socket = open(AF_UNIX, SOCK_DGRAM);
      expect(thrown(() => socket.peer.pidfd())).toMatchObject({ code: "ENODATA", syscall: "getsockopt" });
    },
  );

  it("throws ENOPROTOOPT on a kernel without SO_PEERPIDFD", () => {
    const socket = unix("stream")[0];
    vi.spyOn(binding(), "peerPidfd").mockReturnValue(-ENOPROTOOPT);
    const error = thrown(() => socket.peer.pidfd());
    expect(error).toMatchObject({ code: "ENOPROTOOPT", syscall: "getsockopt" });
    if (!kernelIsAtLeast(6, 5)) expect(error.message).toContain("Linux has SO_PEERPIDFD since 6.5");
  });
});

describe("groups", () => {
  onRealKernel("are those of this process", () => {
    const socket = unix("stream")[0];
    expect([...socket.peer.groups()].sort()).toEqual([...ownGroups()].sort());
  });

  skipUnless("it takes root, and process.setgroups", isRoot && !isEmulated() && !!process.setgroups)(
    "are those that the process had when it made the sockets, on a real kernel",
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

  onRealKernel("are refused without a peer", () => {
    const socket = open(AF_UNIX, SOCK_DGRAM);
    expect(thrown(() => socket.peer.groups())).toMatchObject({ code: "ENODATA" });
  });

  it("are asked for again if they did not fit", () => {
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
  it("is text, or undefined if no security module gives one", () => {
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

  it("is asked for again if it did not fit", () => {
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

  it("is bytes if it is no UTF-8", () => {
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

it("sockets of other families refuse to tell the peer's process", async () => {
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

describe("a Unix socket's peer", () => {
  it("is refused on a UDP socket", () =>
    withBound(
      { type: "dgram", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      1,
      ([socket]) => {
        expect(thrown(() => socket!.getPeerCredentials()).code).toBe("ERR_SENDMSG_NOT_UNIX");
        expect(thrown(() => socket!.getPeerPidfd()).code).toBe("ERR_SENDMSG_NOT_UNIX");
      },
    ));
});
