import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { encodeAddress, type Ipv4Address } from "../../src/address/index.js";
import { AF_RDS, MSG_ZEROCOPY, SO_RCVBUF, SOCK_SEQPACKET, SOL_SOCKET } from "../../src/constants/index.js";
import { type ControlName, encodeControl } from "../../src/control/index.js";
import type { SystemError } from "../../src/errors.js";
import type { Socket } from "../../src/index.js";
import { sendmsg, setsockopt } from "../../src/syscalls/index.js";
import { next, open, PATIENCE, type RawOptions } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { firstOf, sockets } from "./missing.js";
import { namespace, namespaces } from "./namespace.js";
import { proves } from "./proves.js";

const missing = sockets("RDS", AF_RDS, SOCK_SEQPACKET);

/** A socket on the loopback interface. The kernel does not choose a port: 0 is not bound, and all sockets share one port space. */
let port = 20_000 + (process.pid % 20_000);
function rds(options: RawOptions = {}): { socket: Socket; at: Ipv4Address } {
  const at: Ipv4Address = { family: "ipv4", address: "127.0.0.1", port: ++port };
  return { socket: open(AF_RDS, SOCK_SEQPACKET, 0, { at: encodeAddress(at), ...options }), at };
}

interface Ends {
  sender: Socket;
  receiver: Socket;
  address: Ipv4Address;
}

describe("SOL_RDS", () => {
  proves("rdsRxPathLatency", "receive", missing, async () => {
    const { socket, at } = rds({ receive: ["rdsRxPathLatency"] });
    const { socket: sender } = rds();
    await sender.sendmsg({ data: "x", address: at });
    const trace = valueIn(await next(socket), "rdsRxPathLatency");
    expect(trace.count).toBe(1);
    expect(trace.positions[0]).toBe(0);
  });

  /**
   * One test makes three proofs. With a second pair of namespaces, about half of the runs failed on an emulated machine, some
   * after a minute. The receiver's queue was empty then, although TCP was connected and had nothing left to send: the kernel
   * had not delivered the first message. The reason is unknown.
   */
  let shown: Promise<void> | undefined;
  const showBetweenMachines = (): Promise<void> => {
    shown ??= (async () => {
      const ends = await apart(["rdsZcopyCompletion", "rdsCongUpdate"]);
      await showZeroCopy(ends);
      await showCongestion(ends);
    })();
    return shown;
  };
  for (const [name, direction] of [
    ["rdsZcopyCookie", "send"],
    ["rdsZcopyCompletion", "receive"],
    ["rdsCongUpdate", "receive"],
  ] as const) {
    proves(name, direction, firstOf(missing, namespaces()), showBetweenMachines);
  }

  /** Two sockets in two namespaces. On one machine, RDS never reports that it is full, and never sends without a copy. */
  async function apart(receive: readonly ControlName[]): Promise<Ends> {
    const [here, there] = [await namespace(), await namespace()];
    here.run(`ip link add v0 type veth peer name v0 netns ${there.pid}`);
    const at = (address: string): Ipv4Address => ({ family: "ipv4", address, port: 4000 });
    const [from, to] = [at("10.77.0.1"), at("10.77.0.2")];
    for (const [place, { address }] of [
      [here, from],
      [there, to],
    ] as const) {
      place.run(`ip addr add ${address}/24 dev v0`);
      place.run("ip link set v0 up");
    }
    return {
      sender: here.open(AF_RDS, SOCK_SEQPACKET, 0, { at: encodeAddress(from), receive }),
      receiver: there.open(AF_RDS, SOCK_SEQPACKET, 0, { at: encodeAddress(to) }),
      address: to,
    };
  }

  async function showZeroCopy({ sender, receiver, address }: Ends): Promise<void> {
    const cookies = [0x1234, 0xfedcba98];
    for (const value of cookies) {
      // Socket refuses this flag, because it would not keep the memory until the completion.
      sendmsg(sender.fd, Buffer.alloc(4096, "z"), {
        address: encodeAddress(address),
        flags: MSG_ZEROCOPY,
        control: encodeControl([{ name: "rdsZcopyCookie", value }], { family: AF_RDS }),
      });
      expect((await next(receiver)).data).toHaveLength(4096);
    }
    const complete: number[] = [];
    while (complete.length < cookies.length) {
      const completion = valueIn(await next(sender), "rdsZcopyCompletion");
      complete.push(...completion.cookies.slice(0, completion.count));
    }
    expect(complete.sort()).toEqual([...cookies].sort());
  }

  async function showCongestion({ sender, receiver, address }: Ends): Promise<void> {
    setsockopt(receiver.fd, SOL_SOCKET, SO_RCVBUF, 1);
    // Sends until the receiver has reported that it is full, which takes a moment.
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        sender.trySendmsg({ data: Buffer.alloc(4096), address });
      } catch (error) {
        expect((error as SystemError).code).toBe("ENOBUFS");
        break;
      }
      expect(Date.now()).toBeLessThan(end);
      await pause(5);
    }
    // Now the receiver has room.
    while (receiver.tryRecvmsg() !== undefined);
    // The mask has a bit for each port, modulo 64.
    expect(valueIn(await next(sender), "rdsCongUpdate")).toBe(1n << BigInt(address.port % 64));
  }
});
