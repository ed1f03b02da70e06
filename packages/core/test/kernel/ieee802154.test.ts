import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import { AF_IEEE802154, AF_PACKET, SOCK_DGRAM, SOCK_RAW } from "../../src/constants/index.js";
import { atEnd } from "../support/closing.js";
import { next, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { ip } from "./links.js";
import { firstOf, root, sockets } from "./missing.js";
import { proves } from "./proves.js";

/** Two radios that hear each other: drivers/net/ieee802154/mac802154_hwsim.c. */
const RADIOS = ["wpan0", "wpan1"] as const;

/** A broadcast data frame from a short address: frame control, sequence number, destination PAN and address, source address. */
const HEADER = [0x41, 0x88, 1, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00];

describe("SOL_IEEE802154", () => {
  const missing = firstOf(
    sockets("IEEE 802.15.4", AF_IEEE802154, SOCK_DGRAM),
    root(),
    RADIOS.every((name) => existsSync(`/sys/class/net/${name}`))
      ? undefined
      : "this kernel has no simulated radios",
  );

  proves("wpanLqi", "receive", missing, async () => {
    for (const radio of RADIOS) {
      ip(`link set ${radio} up`);
      atEnd(() => ip(`link set ${radio} down`));
    }
    const socket = open(AF_IEEE802154, SOCK_DGRAM, 0, { receive: ["wpanLqi"] });
    const sender = open(AF_PACKET, SOCK_RAW);
    await sender.sendmsg({
      data: Buffer.from([...HEADER, 1, 2, 3]),
      address: { family: "packet", interface: RADIOS[1] },
    });
    const message = await next(socket);
    expect([...message.data.subarray(0, 3)]).toEqual([1, 2, 3]);
    // The simulator reports perfect links.
    expect(valueIn(message, "wpanLqi")).toBe(0xff);
  });
});
