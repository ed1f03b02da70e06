import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_LLC, SOCK_DGRAM } from "../../src/constants/index.js";
import { next, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { indexOf, ip, link, links, macOf } from "./links.js";
import { firstOf, sockets } from "./missing.js";
import { proves } from "./proves.js";

const ARPHRD_ETHER = 1;

describe("SOL_LLC", () => {
  const missing = firstOf(sockets("LLC", AF_LLC, SOCK_DGRAM), links("veth"));

  proves("llcPktInfo", "receive", missing, async () => {
    const [sap, other] = [0x40, 0x44];
    const peer = `sndpeer${process.pid % 10_000}`;
    const here = link("veth", `peer name ${peer}`);
    ip(`link set ${peer} up`);
    const place = (name: string, point: number) =>
      ({ family: "llc", sap: point, address: macOf(name), arphrd: ARPHRD_ETHER }) as const;
    const receiver = open(AF_LLC, SOCK_DGRAM, 0, {
      at: encodeAddress(place(peer, sap)),
      receive: ["llcPktInfo"],
    });
    const sender = open(AF_LLC, SOCK_DGRAM, 0, { at: encodeAddress(place(here, other)) });
    await sender.sendmsg({ data: "a frame", address: place(peer, sap) });
    const message = await next(receiver);
    expect(message.data.toString()).toBe("a frame");
    expect(valueIn(message, "llcPktInfo")).toEqual({
      interfaceIndex: indexOf(peer),
      sap,
      mac: macOf(peer),
    });
  });
});
