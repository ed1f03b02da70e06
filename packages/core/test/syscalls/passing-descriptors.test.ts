import { describe, expect, test } from "vitest";
import {
  AF_UNIX,
  MSG_CTRUNC,
  MSG_PEEK,
  SCM_MAX_FD,
  SCM_PIDFD,
  SCM_RIGHTS,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { toNetSocket } from "../../src/interop/node-socket.js";
import { sendmsg, setsockopt, socketpair } from "../../src/syscalls/index.js";
import { cmsg, HEADER, INT, intsOf, rights, space } from "../support/cmsg.js";
import { content } from "../support/content.js";
import { isCloseOnExec, isOpen, sameFile } from "../support/descriptor-state.js";
import { readSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { thrown } from "../support/outcome.js";
import { closeNow, keepDescriptors, openFile, own } from "../support/owned-descriptors.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { receive } from "./arrival.js";
import { pair } from "./owned-pair.js";

keepDescriptors();

describe("passing descriptors, the kernel", () => {
  onRealKernel(
    "delivers as many descriptors as fit: floor((controllen - sizeof(struct cmsghdr)) / 4)",
    () => {
      const [a, b] = pair(SOCK_SEQPACKET);
      const file = openFile("one");
      for (const extra of [1, 2, 3, 4, 5]) {
        sendmsg(a, "x", { control: rights(file, file, file, file, file) });
        const { fds, flags } = receive(b, HEADER + extra * INT);
        expect(fds.length).toBe(extra);
        expect(fds.every((fd) => sameFile(fd, file))).toBe(true);
        expect(flags).toBe(extra === 5 ? 0 : MSG_CTRUNC);
      }
      if (process.arch !== "ia32") {
        // CMSG_SPACE(sizeof(int)), which programs allot for one descriptor, has room for two on 64 bits.
        sendmsg(a, "x", { control: rights(file, file) });
        expect(receive(b, space(INT)).fds.length).toBe(2);
      }
    },
  );

  onRealKernel("sets MSG_CTRUNC if some do not fit, and has already opened the others", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("open already");
    sendmsg(a, "x", { control: rights(file, file, file) });
    const { data, fds, flags } = receive(b, HEADER + 2 * INT);
    expect({ data, flags }).toEqual({ data: "x", flags: MSG_CTRUNC });
    expect(fds.map(content)).toEqual(["open already", "open already"]);
  });

  skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
    "delivers SCM_PIDFD as a close-on-exec descriptor",
    () => {
      const [a, b] = pair(SOCK_STREAM);
      setsockopt(b, SOL_SOCKET, SO_PASSPIDFD, true);
      const file = openFile("with it");
      sendmsg(a, "x", { control: rights(file) });
      const { messages, fds } = receive(b);
      const pidfds = own(messages.filter(({ type }) => type === SCM_PIDFD).flatMap(intsOf));
      expect(pidfds.length).toBe(1);
      expect(fds.map(content)).toEqual(["with it"]);
      expect(isOpen(pidfds[0]!)).toBe(true);
      expect(isCloseOnExec(pidfds[0]!)).toBe(true);
    },
  );

  test("installs new descriptors for each call with MSG_PEEK", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("peeked");
    sendmsg(a, "x", { control: rights(file) });
    const fds = [receive(b, undefined, MSG_PEEK), receive(b, undefined, MSG_PEEK), receive(b)].flatMap(
      (arrival) => arrival.fds,
    );
    expect(new Set(fds).size).toBe(3);
    expect(fds.map(content)).toEqual(["peeked", "peeked", "peeked"]);
  });

  test("loses a descriptor that is sent without data on a stream", () => {
    const [a, b] = pair(SOCK_STREAM);
    expect(sendmsg(a, "", { control: rights(openFile("lost")) })).toBe(0);
    expect(thrown(() => receive(b))).toMatchObject({ code: "EAGAIN" });
    sendmsg(a, "x");
    expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
  });

  test.each([
    ["SOCK_DGRAM", SOCK_DGRAM],
    ["SOCK_SEQPACKET", SOCK_SEQPACKET],
  ])("delivers a descriptor that is sent without data on %s", (_, type) => {
    const [a, b] = pair(type);
    expect(sendmsg(a, "", { control: rights(openFile("empty")) })).toBe(0);
    const { data, fds } = receive(b);
    expect({ data, content: fds.map(content) }).toEqual({ data: "", content: ["empty"] });
  });

  test("ends a stream's receive after the bytes of a send with descriptors, and delivers them with it", () => {
    const [a, b] = pair(SOCK_STREAM);
    sendmsg(a, "aaaa");
    sendmsg(a, "b", { control: rights(openFile("of b")) });
    sendmsg(a, "cccc");
    sendmsg(a, "d", { control: rights(openFile("of d")) });
    const arrivals = [receive(b), receive(b)];
    expect(arrivals.map(({ data, fds }) => [data, ...fds.map(content)])).toEqual([
      ["aaaab", "of b"],
      ["ccccd", "of d"],
    ]);
  });

  test("takes at most 253 descriptors, and joins several SCM_RIGHTS into one", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("many");
    const copies = (count: number) => rights(...new Array<number>(count).fill(file));
    sendmsg(a, "x", { control: copies(SCM_MAX_FD) });
    const { fds, messages } = receive(b);
    expect({ fds: fds.length, messages: messages.length }).toEqual({ fds: SCM_MAX_FD, messages: 1 });
    expect(fds.every((fd) => sameFile(fd, file))).toBe(true);

    expect(thrown(() => sendmsg(a, "x", { control: copies(SCM_MAX_FD + 1) }))).toMatchObject({
      code: "EINVAL",
      errno: -22,
      syscall: "sendmsg",
    });

    sendmsg(a, "x", {
      control: Buffer.concat([rights(openFile("1"), openFile("2")), rights(openFile("3"))]),
    });
    const merged = receive(b);
    expect(merged.messages.length).toBe(1);
    expect(merged.fds.map(content)).toEqual(["1", "2", "3"]);
  });

  test("closes descriptors whose bytes read(2) takes", () => {
    const [a, b] = pair(SOCK_STREAM);
    const [passed, witness] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(passed) });
    closeNow(passed);
    // The descriptor is still open while it is in flight.
    expect(thrown(() => receive(witness))).toMatchObject({ code: "EAGAIN" });
    expect(readSync(b, Buffer.alloc(8))).toBe(1);
    // Now it is open nowhere.
    expect(receive(witness).data).toBe("");
  });

  test("closes descriptors whose bytes a net.Socket takes", async () => {
    const [a, b] = socketpair(AF_UNIX, SOCK_STREAM);
    own(a);
    const [passed, witness] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(passed) });
    closeNow(passed);
    const net = toNetSocket(b);
    const data = await new Promise((resolve) => net.once("data", resolve));
    expect(String(data)).toBe("x");
    expect(receive(witness).data).toBe("");
    await new Promise((resolve) => net.once("close", resolve).destroy());
  });

  test("accepts an SCM_RIGHTS without a whole int, and delivers nothing", () => {
    const [a, b] = pair(SOCK_STREAM);
    for (const payload of [[], [1], [1, 0, 0]]) {
      expect(sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_RIGHTS, Uint8Array.from(payload)) })).toBe(1);
      expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
    }
  });

  skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights())(
    "refuses all descriptors with SO_PASSRIGHTS = 0, and the sender gets EPERM",
    () => {
      const [a, b] = pair(SOCK_STREAM);
      setsockopt(b, SOL_SOCKET, SO_PASSRIGHTS, false);
      expect(thrown(() => sendmsg(a, "x", { control: rights(openFile("refused")) }))).toMatchObject({
        code: "EPERM",
        syscall: "sendmsg",
      });
      expect(sendmsg(a, "x")).toBe(1);
      expect(receive(b)).toMatchObject({ data: "x", fds: [] });
    },
  );
});
