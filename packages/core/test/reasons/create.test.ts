import { describe, expect, it } from "vitest";
import { IPPROTO_ICMP, SOCK_RAW, SOCK_STREAM } from "../../src/constants/index.js";
import { EAFNOSUPPORT, EMFILE, ENFILE, ENOSPC, EPERM, ESOCKTNOSUPPORT } from "../../src/errno.js";
import { systemError } from "../../src/errors.js";
import { type Address, Socket, type SocketOptions, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { CREATE } from "../../src/reasons/create.js";
import { withReason, withShortage } from "../../src/reasons/reasons.js";
import { WATCH } from "../../src/reasons/watch.js";
import { counted } from "../support/counted.js";
import { asNobody, givingUpRights } from "../support/nobody.js";
import { rejection, thrown } from "../support/outcome.js";

const ip = { address: "127.0.0.1", port: 0 };
const message = async (at: Address, options: SocketOptions): Promise<string> =>
  (await rejection(Socket.bind(at, options))).message;

describe("an error of socket() says why", () => {
  it("a type or protocol that does not exist", () =>
    counted(async () => {
      expect(await message(ip, { type: "raw" })).toBe(
        'socket EPROTONOSUPPORT: there are no ipv4 sockets of type "raw" without a protocol. Give the option protocol: a number',
      );
      expect(await message(ip, { type: "seqpacket" })).toBe(
        'socket ESOCKTNOSUPPORT: there are no ipv4 sockets of type "seqpacket" unless you give a protocol. ' +
          "Give another type, or the protocol",
      );
      expect(await message(ip, { type: "stream", protocol: 17 })).toBe(
        'socket EPROTONOSUPPORT: this kernel has no protocol 17 for ipv4 sockets of type "stream". Give another type or protocol',
      );
      expect(await message(ip, { type: "raw", protocol: 999 })).toBe(
        'socket EINVAL: this kernel has no protocol 999 for ipv4 sockets of type "raw". Give another type or protocol',
      );
      const error = await rejection(Socket.bind({ abstract: "x" }, { type: "stream", protocol: 17 }));
      expect(error).toMatchObject({ code: "EPROTONOSUPPORT", errno: -93, syscall: "socket" });
      expect(error.message).toBe(
        "socket EPROTONOSUPPORT: Unix sockets have no protocols. Leave the option protocol out",
      );
      expect(thrown(() => socketpair("stream", { protocol: 17 })).message).toBe(
        "socketpair EPROTONOSUPPORT: Unix sockets have no protocols. Leave the option protocol out",
      );
    }));

  it("a family that does not exist", () =>
    counted(async () => {
      expect(await message({ family: 99, data: new Uint8Array(2) }, { type: "raw" })).toBe(
        "socket EAFNOSUPPORT: this kernel has no family-99 sockets, or a sandbox forbids them",
      );
    }));

  it("a kernel module that is missing", () => {
    const can = { family: 29, type: SOCK_RAW, protocol: 1 };
    expect(withReason(systemError(EAFNOSUPPORT, "socket"), CREATE, can).message).toBe(
      "socket EAFNOSUPPORT: this kernel has no can sockets, or a sandbox forbids them. Load the kernel module: modprobe can",
    );
    const sctp = { family: 2, type: SOCK_STREAM, protocol: 132 };
    expect(withReason(systemError(ESOCKTNOSUPPORT, "socket"), CREATE, sctp).message).toBe(
      'socket ESOCKTNOSUPPORT: this kernel has no protocol 132 for ipv4 sockets of type "stream". ' +
        "Load the kernel module: modprobe sctp",
    );
  });

  givingUpRights("a capability that the process lacks", () =>
    counted(() =>
      asNobody(async () => {
        expect(await message(ip, { type: "raw", protocol: IPPROTO_ICMP })).toBe(
          'socket EPERM: ipv4 sockets of type "raw" need CAP_NET_RAW. Run the program as root, or give it this capability',
        );
        const packet = { family: "packet", protocol: 3, interface: 1 } as never;
        expect(await message(packet, { type: "raw" })).toBe(
          'socket EPERM: packet sockets of type "raw" need CAP_NET_RAW. Run the program as root, or give it this capability',
        );
      }),
    ),
  );

  it("ping sockets for which the group has no right", () =>
    counted(async () => {
      const tried = await Socket.bind(ip, { type: "dgram", protocol: IPPROTO_ICMP }).catch(
        (error: Error) => error,
      );
      if (tried instanceof Socket) return tried.close();
      expect(tried.message).toMatch(
        /^socket EACCES: only groups \d+ \d+ \(net\.ipv4\.ping_group_range\) may make ping sockets\. Permit all groups: sysctl net\.ipv4\.ping_group_range="0 2147483647"$/,
      );
    }));

  it("no descriptor, file or watch is free", () => {
    const limit = binding().openFilesLimit();
    expect(withShortage(systemError(EMFILE, "accept4")).message).toBe(
      `accept4 EMFILE: this process has no free descriptor: its limit is ${limit}. ` +
        "Close some descriptors, or raise the limit (ulimit -n)",
    );
    expect(withShortage(systemError(ENFILE, "socket")).message).toBe(
      "socket ENFILE: the system has no free file. Close some files, or raise the sysctl fs.file-max",
    );
    expect(withReason(systemError(ENOSPC, "epoll_ctl"), WATCH, undefined).message).toBe(
      "epoll_ctl ENOSPC: this user watches as many descriptors as permitted. " +
        "Close some, or raise the sysctl fs.epoll.max_user_watches",
    );
  });
});

describe("withReason", () => {
  it("leaves the error as it is if looking for the cause fails", () => {
    const reasons = {
      [EPERM]: () => {
        throw new Error("no");
      },
    };
    expect(withReason(systemError(EPERM, "socket"), reasons, undefined).message).toBe("socket EPERM");
  });

  it("leaves the error as it is if the cause is known already", () => {
    const denied = Object.assign(systemError(EPERM, "socket"), { reason: "ERR_SENDMSG_SYSCALL_DENIED" });
    expect(withReason(denied, { [EPERM]: () => "no" }, undefined).message).toBe("socket EPERM");
  });
});
