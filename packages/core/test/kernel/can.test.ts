import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_CAN,
  CAN_J1939,
  CAN_RAW,
  J1939_NO_ADDR,
  J1939_NO_NAME,
  J1939_NO_PGN,
  SCM_TSTAMP_ACK,
  SCM_TSTAMP_SCHED,
  SCM_TSTAMP_SND,
  SO_BROADCAST,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SOCK_DGRAM,
  SOCK_RAW,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import type { Address } from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { next, nextError, open } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { link, links } from "./links.js";
import { firstOf, since, sockets } from "./missing.js";
import { proves } from "./proves.js";

/** struct can_frame: identifier, length, three bytes of nothing, up to eight of data. */
function frame(id: number, ...data: number[]): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(id, 0);
  bytes[4] = data.length;
  bytes.set(data, 8);
  return bytes;
}

describe("SOL_CAN_RAW", () => {
  const raw = firstOf(sockets("CAN_RAW", AF_CAN, SOCK_RAW, CAN_RAW), links("vcan"));

  proves("canRawErrQueue", "receive", firstOf(raw, since(5, 13)), async () => {
    const at = encodeAddress({ family: "can", interface: link("vcan") });
    const receiver = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
    const sender = open(AF_CAN, SOCK_RAW, CAN_RAW, { at, receive: ["canRawErrQueue"] });
    const flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
    setsockopt(sender.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags);
    for (const id of [0, 1]) {
      await sender.sendmsg({ data: frame(0x123, id) });
      expect((await next(receiver)).data).toEqual(frame(0x123, id));
      const entry = await nextError(sender);
      expect(valueIn(entry, "canRawErrQueue")).toMatchObject({
        origin: SO_EE_ORIGIN_TIMESTAMPING,
        info: SCM_TSTAMP_SND,
        data: id,
      });
      expect(valueIn(entry, "timestamping").software).toBeGreaterThan(0n);
    }
  });
});

describe("SOL_CAN_J1939", () => {
  const j1939 = firstOf(sockets("J1939", AF_CAN, SOCK_DGRAM, CAN_J1939), links("vcan"));
  /** Parameter groups: one with a destination (PDU1), and the claim of an address. SAE J1939-21, -81. */
  const PGN = 0x12300;
  const PGN_ADDRESS_CLAIMED = 0xee00;
  const [HERE, THERE] = [0x20, 0x30];

  const place = (name: string, address: number, more: { name?: bigint; pgn?: number } = {}): Address => ({
    family: "can",
    interface: name,
    name: more.name ?? BigInt(J1939_NO_NAME),
    pgn: more.pgn ?? J1939_NO_PGN,
    address,
  });

  proves(["j1939DestAddr", "j1939Prio"], "receive", j1939, async () => {
    const vcan = link("vcan");
    const sender = open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(vcan, HERE)) });
    const receiver = open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(vcan, THERE)) });
    await sender.sendmsg({ data: "to one", address: place(vcan, THERE, { pgn: PGN }) });
    const message = await next(receiver);
    expect(message.data.toString()).toBe("to one");
    expect(valueIn(message, "j1939DestAddr")).toBe(THERE);
    expect(valueIn(message, "j1939Prio")).toBe(6);
    expect(find(message.control, "j1939DestName")).toBeUndefined();
    expect(message.address).toMatchObject({ address: HERE, pgn: PGN });
  });

  proves("j1939DestName", "receive", j1939, async () => {
    const vcan = link("vcan");
    const [here, there] = [0x1122334455667788n, 0x8070605040302010n];
    const open1939 = (address: number, name: bigint) =>
      open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(vcan, address, { name })) });
    const [a, b] = [open1939(HERE, here), open1939(THERE, there)];
    // A socket with a name claims its address, and may send 250 ms later.
    for (const [socket, name] of [
      [a, here],
      [b, there],
    ] as const) {
      setsockopt(socket.fd, SOL_SOCKET, SO_BROADCAST, 1);
      const claim = Buffer.alloc(8);
      claim.writeBigUInt64LE(name);
      await socket.sendmsg({
        data: claim,
        address: place(vcan, J1939_NO_ADDR, { pgn: PGN_ADDRESS_CLAIMED }),
      });
    }
    await pause(300);
    await a.sendmsg({ data: "by name", address: place(vcan, J1939_NO_ADDR, { name: there, pgn: PGN }) });
    for (;;) {
      const message = await next(b);
      if (message.data.toString() !== "by name") continue;
      expect(valueIn(message, "j1939DestName")).toBe(there);
      expect(valueIn(message, "j1939DestAddr")).toBe(THERE);
      return;
    }
  });

  proves("j1939ErrQueue", "receive", j1939, async () => {
    const vcan = link("vcan");
    const sender = open(AF_CAN, SOCK_DGRAM, CAN_J1939, {
      at: encodeAddress(place(vcan, HERE)),
      receive: ["j1939ErrQueue"],
    });
    const receiver = open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(vcan, THERE)) });
    const flags = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE;
    setsockopt(sender.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags | SOF_TIMESTAMPING_OPT_ID);
    await sender.sendmsg({ data: Buffer.alloc(100, "j"), address: place(vcan, THERE, { pgn: PGN }) });
    expect((await next(receiver)).data).toHaveLength(100);
    const { origin, info, data } = valueIn(await nextError(sender), "j1939ErrQueue");
    expect(origin).toBe(SO_EE_ORIGIN_TIMESTAMPING);
    expect([SCM_TSTAMP_SCHED, SCM_TSTAMP_ACK]).toContain(info);
    expect(data).toBe(0);
  });
});
