import { describe, expect, it } from "vitest";
import { SCM_RIGHTS, SOL_SOCKET } from "../../src/constants/index.js";
import { MSG_ERRQUEUE, MSG_OOB, MSG_TRUNC } from "../../src/constants/message-flags.js";
import type { MessageSocket } from "../../src/index.js";
import { rejection } from "../support/outcome.js";
import { countNativeCalls, kernel, memory } from "./both-transports.js";

countNativeCalls();

describe("the kernel's sockets and those in memory refuse arguments with the same error", () => {
  type Call = (socket: MessageSocket, anything: (value: unknown) => never) => unknown;
  const calls: Record<string, Call> = {
    "sendmsg(null)": (socket, any) => socket.sendmsg(any(null)),
    "sendmsg data": (socket, any) => socket.sendmsg({ data: any(5) }),
    "sendmsg data list": (socket, any) => socket.sendmsg({ data: ["x", any({})] }),
    "sendmsg fds": (socket, any) => socket.sendmsg({ data: "x", fds: any("0") }),
    "sendmsg fds entry": (socket, any) => socket.sendmsg({ data: "x", fds: [0, any("0")] }),
    "sendmsg 254 fds": (socket) => socket.sendmsg({ data: "x", fds: new Array(254).fill(0) }),
    "sendmsg control": (socket, any) => socket.sendmsg({ data: "x", control: any({}) }),
    "sendmsg rights": (socket, any) => socket.sendmsg({ data: "x", control: [any({ name: "rights" })] }),
    "sendmsg control entry": (socket, any) => socket.sendmsg({ data: "x", control: [any(null)] }),
    "sendmsg no such control": (socket, any) =>
      socket.sendmsg({ data: "x", control: [any({ name: "nonsense" })] }),
    "sendmsg control of others": (socket) =>
      socket.sendmsg({ data: "x", control: [{ name: "ipTos", value: 1 }] }),
    "sendmsg credentials": (socket, any) =>
      socket.sendmsg({ data: "x", control: [{ name: "credentials", value: any({ pid: 1 }) }] }),
    "sendmsg raw rights": (socket) =>
      socket.sendmsg({
        data: "x",
        control: [{ name: "unknown", level: SOL_SOCKET, type: SCM_RIGHTS, data: new Uint8Array(4) }],
      }),
    "sendmsg address family": (socket, any) =>
      socket.sendmsg({ data: "x", address: any({ family: "nope" }) }),
    "sendmsg address": (socket, any) =>
      socket.sendmsg({ data: "x", address: { family: "unix", path: any(5) } }),
    "sendmsg flags": (socket, any) => socket.sendmsg({ data: "x", flags: any("MSG_EOR") }),
    "sendmsg options": (socket, any) => socket.sendmsg({ data: "x" }, any(1)),
    "sendmsg signal": (socket, any) => socket.sendmsg({ data: "x" }, { signal: any({}) }),
    "trySendmsg data": (socket, any) => socket.trySendmsg({ data: any(5) }),
    "recvmsg(null)": (socket, any) => socket.recvmsg(any(null)),
    "recvmsg maxFds": (socket) => socket.recvmsg({ maxFds: 254 }),
    "recvmsg size": (socket) => socket.recvmsg({ size: 0 }),
    "recvmsg size and buffers": (socket) => socket.recvmsg({ size: 1, buffers: new Uint8Array(1) }),
    "recvmsg no room": (socket) => socket.recvmsg({ buffers: [] }),
    "recvmsg buffers": (socket, any) => socket.recvmsg({ buffers: any("x") }),
    "recvmsg flags": (socket) => socket.recvmsg({ flags: 0.5 }),
    "recvmsg MSG_ERRQUEUE": (socket) => socket.recvmsg({ flags: MSG_ERRQUEUE }),
    "recvmsg MSG_TRUNC": (socket) => socket.recvmsg({ flags: MSG_TRUNC }),
    "recvmsg MSG_OOB": (socket) => socket.recvmsg({ flags: MSG_OOB }),
    "recvmsg signal": (socket, any) => socket.recvmsg({ signal: any("now") }),
    "recvmsg maxFds text": (socket, any) => socket.recvmsg({ maxFds: any("none") }),
    "tryRecvmsg maxFds": (socket, any) => socket.tryRecvmsg({ maxFds: any("1") }),
    "shutdown how": (socket, any) => socket.shutdown(any("all")),
  };

  it.each(Object.entries(calls))("%s", async (_, call) => {
    const errors: unknown[] = [];
    for (const { withPair } of [kernel, memory]) {
      await withPair("stream", async (socket) => {
        const error = await rejection((async () => call(socket, (value) => value as never))());
        const { name, message, code, argument, bytesSent } = error;
        errors.push({ name, message, code, argument, bytesSent });
      });
    }
    expect(errors[1]).toEqual(errors[0]);
    expect(errors[0]).toHaveProperty("code", expect.stringMatching(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/));
  });
});
