import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import {
  AF_UNIX,
  MSG_CTRUNC,
  SCM_CREDENTIALS,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SO_PASSSEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { encodeControl } from "../../src/control/index.js";
import { close, recvmsg, sendmsg, setsockopt, socketpair } from "../../src/syscalls/index.js";
import { openAnyFile } from "../support/any-file.js";
import { atEnd, ownFd } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { sameFile } from "../support/descriptor-state.js";
import { closeSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, unix } from "../support/sockets.js";
import { isRoot } from "../support/target.js";
import { decoded, find, names, valueIn } from "./control.js";
import { since } from "./missing.js";
import { proves } from "./proves.js";

const SELF = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
/** The ids of nobody and nogroup, which root may send as its own. */
const NOBODY = 65_534;

function file(): number {
  const fd = openAnyFile();
  atEnd(() => closeSync(fd));
  return fd;
}

/** The label that a security module gives to Unix datagrams. Undefined: no module gives one. */
function label(): string | Uint8Array | undefined {
  const [a, b] = socketpair(AF_UNIX, SOCK_DGRAM);
  try {
    setsockopt(b, SOL_SOCKET, SO_PASSSEC, 1);
    sendmsg(a, "label");
    const control = new Uint8Array(4096);
    const { controlLength } = recvmsg(b, [Buffer.alloc(8)], { control });
    return find(decoded(control, controlLength, AF_UNIX), "security");
  } finally {
    close(a);
    close(b);
  }
}

const noLabels = () => (label() === undefined ? "no security module labels Unix sockets here" : undefined);

describe("SOL_SOCKET on Unix sockets", () => {
  proves("rights", ["send", "receive"], undefined, async () => {
    const fd = file();
    for (const type of ["stream", "seqpacket", "dgram"] as const) {
      const [a, b] = unix(type, { maxFds: 2 });
      await a.sendmsg({ data: "files", fds: [fd, fd] });
      const message = await next(b);
      expect(message.fds).toHaveLength(2);
      for (const received of message.fds) expect(sameFile(received.fd, fd)).toBe(true);
      expect(message.controlTruncated).toBe(false);
    }
    // The same with the codecs, without a Socket.
    const [a, b] = socketpair(AF_UNIX, SOCK_DGRAM).map(ownFd) as [number, number];
    sendmsg(a, "files", { control: encodeControl([{ name: "rights", value: [fd] }]) });
    const control = new Uint8Array(64);
    const { controlLength } = recvmsg(b, [Buffer.alloc(8)], { control });
    const [received] = find(decoded(control, controlLength, AF_UNIX), "rights")!.map(ownFd);
    expect(sameFile(received!, fd)).toBe(true);
  });

  proves("credentials", ["send", "receive"], undefined, async () => {
    for (const type of ["stream", "seqpacket", "dgram"] as const) {
      const [a, b] = unix(type, { receive: ["credentials"] });
      await a.sendmsg({ data: "as it is" });
      expect(valueIn(await next(b), "credentials")).toEqual(SELF);
      const told = isRoot ? { ...SELF, uid: NOBODY, gid: NOBODY } : SELF;
      await a.sendmsg({ data: "as told", control: [{ name: "credentials", value: told }] });
      expect(valueIn(await next(b), "credentials")).toEqual(told);
    }
  });

  proves("pidfd", "receive", since(6, 5), async () => {
    const [a, b] = unix("dgram", { receive: ["pidfd"] });
    await a.sendmsg({ data: "it is me" });
    const message = await next(b);
    expect(readFileSync(`/proc/self/fdinfo/${message.pidfd!.fd}`, "latin1")).toMatch(
      new RegExp(`^Pid:\\s+${process.pid}$`, "m"),
    );
    // The same with the codec, without a Socket.
    const [c, d] = socketpair(AF_UNIX, SOCK_DGRAM).map(ownFd) as [number, number];
    setsockopt(d, SOL_SOCKET, SO_PASSPIDFD, 1);
    sendmsg(c, "it is me");
    const control = new Uint8Array(64);
    const { controlLength } = recvmsg(d, [Buffer.alloc(8)], { control });
    ownFd(find(decoded(control, controlLength, AF_UNIX), "pidfd")!);
  });

  proves("security", "receive", noLabels(), async () => {
    const [a, b] = unix("dgram", { receive: ["security"] });
    await a.sendmsg({ data: "labelled" });
    expect(valueIn(await next(b), "security")).toEqual(label());
  });

  proves("inq", "receive", since(6, 17), async () => {
    const [a, b] = unix("stream", { receive: ["inq"] });
    await a.sendmsg({ data: "0123456789" });
    expect(valueIn(await next(b, { size: 4 }), "inq")).toBe(6);
    expect(valueIn(await next(b), "inq")).toBe(0);
  });

  // A program that looks for descriptors in the first control message would find none.
  onRealKernel("come in this order: credentials, label, descriptors, pidfd", () =>
    withSockets(() => {
      const fd = file();
      const [a, b] = socketpair(AF_UNIX, SOCK_DGRAM).map(ownFd) as [number, number];
      setsockopt(b, SOL_SOCKET, SO_PASSCRED, 1);
      setsockopt(b, SOL_SOCKET, SO_PASSSEC, 1);
      if (has.passPidfd()) setsockopt(b, SOL_SOCKET, SO_PASSPIDFD, 1);
      sendmsg(a, "everything", { control: encodeControl([{ name: "rights", value: [fd] }]) });
      const control = new Uint8Array(8192);
      const { controlLength, flags } = recvmsg(b, [Buffer.alloc(16)], { control });
      const items = decoded(control, controlLength, AF_UNIX);
      for (const received of find(items, "rights") ?? []) ownFd(received);
      const pidfd = find(items, "pidfd");
      if (pidfd !== undefined) ownFd(pidfd);
      const order = ["credentials"];
      if (label() !== undefined) order.push("security");
      order.push("rights");
      if (has.passPidfd()) order.push("pidfd");
      expect(names(items)).toEqual(order);
      expect(flags & MSG_CTRUNC).toBe(0);
    }),
  );

  onRealKernel("decode to unknown and truncated if credentials are cut", () =>
    withSockets(() => {
      const [a, b] = socketpair(AF_UNIX, SOCK_DGRAM).map(ownFd) as [number, number];
      setsockopt(b, SOL_SOCKET, SO_PASSCRED, 1);
      const header = encodeControl([{ name: "rights", value: [] }]).length;
      for (const room of [4, 8]) {
        sendmsg(a, "cut");
        const control = new Uint8Array(header + room);
        const { controlLength, flags } = recvmsg(b, [Buffer.alloc(8)], { control });
        expect(flags & MSG_CTRUNC).not.toBe(0);
        const [item] = decoded(control, controlLength, AF_UNIX);
        expect(item).toMatchObject({
          name: "unknown",
          level: SOL_SOCKET,
          type: SCM_CREDENTIALS,
          truncated: true,
        });
        expect((item as { data: Uint8Array }).data).toHaveLength(room);
      }
    }),
  );
});
