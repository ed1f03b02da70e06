import { machine } from "node:os";
import { describe, expect, test } from "vitest";
import {
  AF_INET,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  SCM_CREDENTIALS,
  SCM_PIDFD,
  SCM_RIGHTS,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { RESULT_FLAGS } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { bind, getsockname, recvmmsg, sendmsg, setsockopt, socket } from "../../src/syscalls/index.js";
import { cmsg, HEADER, INT, ints, intsOf, rights } from "../support/cmsg.js";
import { isCloseOnExec } from "../support/descriptor-state.js";
import { has } from "../support/kernel-features.js";
import { thrown } from "../support/outcome.js";
import { keepDescriptors, openFile, own } from "../support/owned-descriptors.js";
import { onRealKernel } from "../support/skip-unless.js";
import { loopback } from "../support/sockaddr.js";
import { receive } from "./arrival.js";
import { pair } from "./owned-pair.js";

keepDescriptors();

/** sizeof(struct ucred): pid, uid, gid. */
const UCRED = 12;

describe("the kernel, given control messages,", () => {
  test("ignores an unknown level, and answers an unknown type with EINVAL", () => {
    const [a, b] = pair(SOCK_STREAM);
    expect(sendmsg(a, "x", { control: cmsg(9999, 1, ints(1)) })).toBe(1);
    expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
    expect(thrown(() => sendmsg(a, "x", { control: cmsg(SOL_SOCKET, 9999, ints(1)) }))).toMatchObject({
      code: "EINVAL",
    });
  });

  test("ignores SCM_RIGHTS on UDP", () => {
    const to = own(socket(AF_INET, SOCK_DGRAM));
    bind(to, loopback());
    const from = own(socket(AF_INET, SOCK_DGRAM));
    const control = rights(openFile("ignored"));
    expect(sendmsg(from, "x", { control, address: getsockname(to) })).toBe(1);
    expect(receive(to)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
  });

  test("answers a payload of the wrong length with EINVAL", () => {
    const [a] = pair(SOCK_STREAM);
    const ucred = ints(process.pid, process.getuid!(), process.getgid!());
    expect(ucred.length).toBe(UCRED);
    expect(sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_CREDENTIALS, ucred) })).toBe(1);
    for (const length of [UCRED - 1, UCRED + 1]) {
      const payload = Buffer.concat([ucred, Buffer.alloc(1)]).subarray(0, length);
      expect(
        thrown(() => sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_CREDENTIALS, payload) })),
      ).toMatchObject({ code: "EINVAL" });
    }
  });

  onRealKernel("answers control data that is cut short with EINVAL", () => {
    const [a] = pair(SOCK_STREAM);
    const whole = rights(openFile("cut"));
    // The kernel ignores control data shorter than a header. Only a 64-bit kernel refuses it, from a 32-bit program.
    const compat = process.arch === "ia32" && machine() === "x86_64";
    if (!compat) expect(sendmsg(a, "x", { control: whole.subarray(0, HEADER - 1) })).toBe(1);
    for (const length of [...(compat ? [HEADER - 1] : []), HEADER, HEADER + INT - 1]) {
      expect(thrown(() => sendmsg(a, "x", { control: whole.subarray(0, length) }))).toMatchObject({
        code: "EINVAL",
        syscall: "sendmsg",
      });
    }
    for (const length of [0, HEADER - 1, HEADER + INT + 1, 0x7fffffff]) {
      const lying = cmsg(SOL_SOCKET, SCM_RIGHTS, ints(0), length).subarray(0, HEADER + INT);
      expect(thrown(() => sendmsg(a, "x", { control: lying }))).toMatchObject({ code: "EINVAL" });
    }
  });

  onRealKernel("cuts a received payload to the room", () => {
    const [a, b] = pair(SOCK_STREAM);
    setsockopt(b, SOL_SOCKET, SO_PASSCRED, true);
    sendmsg(a, "x");
    const { messages, flags } = receive(b, HEADER + INT);
    expect(flags).toBe(MSG_CTRUNC);
    expect(messages).toMatchObject([{ level: SOL_SOCKET, type: SCM_CREDENTIALS }]);
    expect(messages[0]!.data.length).toBe(INT);
    expect(intsOf(messages[0]!)).toEqual([process.pid]);
  });

  test("delivers credentials before descriptors, and a pidfd last", () => {
    const [a, b] = pair(SOCK_STREAM);
    setsockopt(b, SOL_SOCKET, SO_PASSCRED, true);
    const withPidfd = has.passPidfd();
    if (withPidfd) setsockopt(b, SOL_SOCKET, SO_PASSPIDFD, true);
    sendmsg(a, "x", { control: rights(openFile("in order")) });
    const { messages } = receive(b);
    own(messages.filter(({ type }) => type === SCM_PIDFD).flatMap(intsOf));
    expect(messages.map(({ type }) => type)).toEqual([
      SCM_CREDENTIALS,
      SCM_RIGHTS,
      ...(withPidfd ? [SCM_PIDFD] : []),
    ]);
  });

  test("echoes MSG_CMSG_CLOEXEC in msg_flags, from which recvmsg() removes it", () => {
    const [a, b] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(openFile("echo")) });
    const { fds, flags } = receive(b);
    expect(flags).toBe(0);
    expect(binding().result[RESULT_FLAGS]! & MSG_CMSG_CLOEXEC).toBe(MSG_CMSG_CLOEXEC);
    expect(fds.map(isCloseOnExec)).toEqual([true]);
    sendmsg(a, "x");
    expect(recvmmsg(b, [{ buffers: Buffer.alloc(1) }])).toEqual([{ bytes: 1, controlLength: 0, flags: 0 }]);
  });
});
