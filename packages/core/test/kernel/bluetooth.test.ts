import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_BLUETOOTH, BTPROTO_HCI, HCI_FILTER, SOCK_RAW, SOL_HCI } from "../../src/constants/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { atEnd } from "../support/closing.js";
import { next, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { firstOf, root, sockets } from "./missing.js";
import { proves } from "./proves.js";

/** Kinds of packets, with which data to and from an adapter begins: Bluetooth Core, volume 4, part A. */
const HCI_EVENT_PKT = 4;
const HCI_VENDOR_PKT = 0xff;
/** A vendor-specific event. */
const EVENT = Buffer.from([0xff, 2, 0xab, 0xcd]);

/** Makes this process a Bluetooth adapter: drivers/bluetooth/hci_vhci.c. Returns its number, and a function that sends as it. */
function adapter(): { device: number; say: (event: Uint8Array) => void } {
  const fd = openSync("/dev/vhci", "r+");
  atEnd(() => closeSync(fd));
  writeSync(fd, Uint8Array.from([HCI_VENDOR_PKT, 0]));
  const answer = Buffer.alloc(8);
  for (;;) {
    readSync(fd, answer);
    if (answer[0] === HCI_VENDOR_PKT) break;
  }
  return {
    device: answer.readUInt16LE(2),
    say: (event) => writeSync(fd, Buffer.concat([Buffer.from([HCI_EVENT_PKT]), event])),
  };
}

describe("SOL_HCI", () => {
  const missing = firstOf(
    sockets("HCI", AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI),
    root(),
    existsSync("/dev/vhci") ? undefined : "this kernel has no virtual Bluetooth adapters",
  );

  proves(["hciDir", "hciTstamp"], "receive", missing, async () => {
    const { device, say } = adapter();
    const at = encodeAddress({ family: "bluetooth", protocol: "hci", device });
    const socket = open(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI, { at, receive: ["hciDir", "hciTstamp"] });
    // struct hci_ufilter: all kinds of packets, all events, all commands.
    setsockopt(socket.fd, SOL_HCI, HCI_FILTER, Uint32Array.of(0xffffffff, 0xffffffff, 0xffffffff, 0));
    const start = BigInt(Date.now() - 1) * 1_000_000n;
    say(EVENT);
    for (;;) {
      const message = await next(socket);
      // The socket also receives the kernel's own commands to the adapter, as sent packets.
      const outgoing = message.data[0] !== HCI_EVENT_PKT;
      expect(valueIn(message, "hciDir")).toBe(outgoing ? 0 : 1);
      if (outgoing) continue;
      expect(message.data.subarray(1).equals(EVENT)).toBe(true);
      expect(valueIn(message, "hciTstamp")).toBeGreaterThanOrEqual(start);
      expect(valueIn(message, "hciTstamp")).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n);
      return;
    }
  });
});
