import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_SCTP,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  SCTP_AUTH_CHUNK,
  SCTP_AUTH_SUPPORTED,
  SCTP_PR_SCTP_TTL,
  SOCK_SEQPACKET,
  SOL_SCTP,
} from "../../src/constants/index.js";
import type { Address, Socket } from "../../src/index.js";
import { listen, recvmsg, setsockopt } from "../../src/syscalls/index.js";
import { withSockets } from "../support/counted.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, open } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { sockets } from "./missing.js";
import { proves } from "./proves.js";

const missing = sockets("SCTP", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
const IPV4 = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
const IPV6 = { family: "ipv6", address: "::1", port: 0 } as const;

type Receive = NonNullable<Parameters<typeof open>[3]>["receive"];

/** A one-to-many socket to which others can send. */
function server(receive: Receive = [], at: Address = IPV4): [Socket, Address] {
  const family = at.family === "ipv6" ? AF_INET6 : AF_INET;
  const socket = open(family, SOCK_SEQPACKET, IPPROTO_SCTP, { at: encodeAddress(at), receive: receive! });
  listen(socket.fd, 5);
  return [socket, socket.getsockname()];
}

/** A one-to-many socket that sends. */
const client = (family = AF_INET) => open(family, SOCK_SEQPACKET, IPPROTO_SCTP);

const SNDINFO = { stream: 3, flags: 0, ppid: 0x01020304, context: 0, association: 0 };

describe("SOL_SCTP", () => {
  proves(["sctpSndInfo"], "send", missing, async () => {
    const [socket, address] = server(["sctpRcvInfo"]);
    await client().sendmsg({ data: "x", address, control: [{ name: "sctpSndInfo", value: SNDINFO }] });
    expect(valueIn(await next(socket), "sctpRcvInfo")).toMatchObject({ stream: 3, ppid: 0x01020304 });
  });

  proves("sctpRcvInfo", "receive", missing, async () => {
    const [socket, address] = server(["sctpRcvInfo"]);
    const sender = client();
    for (const ssn of [0, 1]) {
      await sender.sendmsg({ data: "x", address });
      const info = valueIn(await next(socket), "sctpRcvInfo");
      expect(info).toMatchObject({ stream: 0, ssn, flags: 0, ppid: 0 });
      expect(info.association).toBeGreaterThan(0);
    }
  });

  proves("sctpSndRcv", ["send", "receive"], missing, async () => {
    const [socket, address] = server(["sctpSndRcv"]);
    const value = {
      ...{ stream: 5, ssn: 0, flags: 0, ppid: 42, context: 0, timeToLive: 0 },
      ...{ tsn: 0, cumulativeTsn: 0, association: 0 },
    };
    await client().sendmsg({ data: "x", address, control: [{ name: "sctpSndRcv", value }] });
    expect(valueIn(await next(socket), "sctpSndRcv")).toMatchObject({ stream: 5, ppid: 42 });
  });

  proves("sctpNxtInfo", "receive", missing, async () => {
    const [socket, address] = server(["sctpNxtInfo"]);
    const sender = client();
    await sender.sendmsg({ data: "first", address });
    await sender.sendmsg({
      data: "the second",
      address,
      control: [{ name: "sctpSndInfo", value: SNDINFO }],
    });
    // Waits until both messages have arrived. A peek takes nothing.
    for (;;) {
      const { control } = await next(socket, { flags: MSG_PEEK });
      if (find(control, "sctpNxtInfo") !== undefined) break;
    }
    const message = await next(socket);
    expect(message.data.toString()).toBe("first");
    expect(valueIn(message, "sctpNxtInfo")).toMatchObject({
      stream: 3,
      ppid: 0x01020304,
      length: "the second".length,
    });
  });

  proves("sctpInit", "send", missing, async () => {
    const [socket, address] = server(["sctpRcvInfo"]);
    const far = { name: "sctpSndInfo", value: { ...SNDINFO, stream: 15 } } as const;
    // A socket has ten streams by default.
    expect((await rejection(client().sendmsg({ data: "x", address, control: [far] }))).code).toBe("EINVAL");
    const value = { outboundStreams: 20, maxInboundStreams: 20, maxAttempts: 2, maxInitTimeout: 1000 };
    await client().sendmsg({ data: "x", address, control: [{ name: "sctpInit", value }, far] });
    expect(valueIn(await next(socket), "sctpRcvInfo").stream).toBe(15);
  });

  proves("sctpPrInfo", "send", missing, async () => {
    const [socket, address] = server();
    const sender = client();
    // This message sets up the association. The kernel gives a lifetime only to a message on an association that exists.
    // To the message that sets it up, the kernel gives the time 0 as its end, and drops it if jiffies are after 0:
    // always on a 64-bit machine, after the first five minutes on a 32-bit one (net/sctp/chunk.c, sctp_chunk_abandoned).
    await sender.sendmsg({ data: "hello", address });
    expect((await next(socket)).data.toString()).toBe("hello");
    // The lifetime of the message, in milliseconds.
    const value = { policy: SCTP_PR_SCTP_TTL, value: 60_000 };
    await sender.sendmsg({ data: "in time", address, control: [{ name: "sctpPrInfo", value }] });
    expect((await next(socket)).data.toString()).toBe("in time");
    const unknown = { name: "sctpPrInfo", value: { policy: 0x40, value: 0 } } as const;
    expect((await rejection(sender.sendmsg({ data: "x", address, control: [unknown] }))).code).toBe("EINVAL");
  });

  proves("sctpAuthInfo", "send", missing, async () => {
    const [socket, address] = server();
    const sender = client();
    // struct sctp_assoc_value: future associations (0), and on.
    for (const { fd } of [socket, sender]) setsockopt(fd, SOL_SCTP, SCTP_AUTH_SUPPORTED, Int32Array.of(0, 1));
    // The server requires authenticated data: struct sctp_authchunk, RFC 4895.
    const DATA = 0;
    setsockopt(socket.fd, SOL_SCTP, SCTP_AUTH_CHUNK, Uint8Array.of(DATA));
    const withKey = (keyNumber: number) =>
      sender.sendmsg({ data: "x", address, control: [{ name: "sctpAuthInfo", value: { keyNumber } }] });
    await withKey(0);
    expect((await next(socket)).data.toString()).toBe("x");
    expect((await rejection(withKey(7))).code).toBe("EINVAL");
  });

  for (const [name, at, further, impossible] of [
    ["sctpDstAddrV4", IPV4, "127.0.0.2", "224.0.0.1"],
    ["sctpDstAddrV6", IPV6, "::ffff:127.0.0.2", "ff02::1"],
  ] as const) {
    proves(name, "send", missing, async () => {
      const [socket, address] = server([], at);
      const family = at.family === "ipv6" ? AF_INET6 : AF_INET;
      const sendTo = (value: string) =>
        client(family).sendmsg({ data: "x", address, control: [{ name, value }] });
      await sendTo(further);
      expect((await next(socket)).data.toString()).toBe("x");
      // A multicast address is refused.
      expect((await rejection(sendTo(impossible))).code).toBe("EINVAL");
    });
  }

  // The library reads the error queue when readiness reports an error, and must not take an ordinary message for an error.
  const check = missing === undefined ? onRealKernel : onRealKernel.skip;
  check("MSG_ERRQUEUE gives no ordinary message", () =>
    withSockets(async () => {
      const [socket, address] = server();
      await client().sendmsg({ data: "an ordinary one", address });
      await next(socket, { flags: MSG_PEEK });
      expect(() => recvmsg(socket.fd, [Buffer.alloc(64)], { flags: MSG_ERRQUEUE | MSG_DONTWAIT })).toThrow(
        expect.objectContaining({ code: "EAGAIN" }),
      );
    }),
  );
});
