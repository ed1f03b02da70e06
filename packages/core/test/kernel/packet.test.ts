import { describe, expect } from "vitest";
import {
  AF_PACKET,
  SCM_TSTAMP_SND,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SOCK_DGRAM,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { next, nextError, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { root, since } from "./missing.js";
import { proves } from "./proves.js";

/** An EtherType for experiments, which no other program uses. include/uapi/linux/if_ether.h does not have it. */
const ETHERTYPE = 0x88b5;
const LOOPBACK_INDEX = 1;
const MAC = 6;

/** sockaddr_ll without its family: EtherType in the network's order, interface, kind, length and address. */
const address = (() => {
  const data = Buffer.alloc(18);
  data.writeUInt16BE(ETHERTYPE, 0);
  data.writeInt32LE(LOOPBACK_INDEX, 2);
  data[9] = MAC;
  return { family: AF_PACKET, data };
})();

/** socket(2) takes the EtherType in network byte order. */
const PROTOCOL = ((ETHERTYPE & 0xff) << 8) | (ETHERTYPE >>> 8);

describe("SOL_PACKET", () => {
  proves("packetAuxData", "receive", root(), async () => {
    const socket = open(AF_PACKET, SOCK_DGRAM, PROTOCOL, { receive: ["packetAuxData"] });
    await socket.sendmsg({ data: "a frame", address });
    const message = await next(socket);
    expect(message.data.toString()).toBe("a frame");
    const TP_STATUS_USER = 1;
    const auxdata = valueIn(message, "packetAuxData");
    expect(auxdata).toMatchObject({ length: 7, snapLength: 7, vlanTci: 0, vlanTpid: 0 });
    expect(auxdata.status & TP_STATUS_USER).toBe(TP_STATUS_USER);
  });

  proves("packetTxTimestamp", "receive", root(), async () => {
    const socket = open(AF_PACKET, SOCK_DGRAM, PROTOCOL, { receive: ["packetTxTimestamp"] });
    const flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
    setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags);
    for (const id of [0, 1]) {
      const start = BigInt(Date.now() - 1) * 1_000_000n;
      await socket.sendmsg({ data: "a frame", address });
      const entry = await nextError(socket);
      expect(valueIn(entry, "packetTxTimestamp")).toMatchObject({
        origin: SO_EE_ORIGIN_TIMESTAMPING,
        info: SCM_TSTAMP_SND,
        data: id,
      });
      expect(valueIn(entry, "timestamping").software).toBeGreaterThanOrEqual(start);
    }
  });

  proves(["mark", "priority"], ["send", "receive"], root() ?? since(6, 14), async () => {
    const socket = open(AF_PACKET, SOCK_DGRAM, PROTOCOL, { receive: ["mark", "priority"] });
    await socket.sendmsg({ data: "a frame", address, control: [{ name: "mark", value: 7 }] });
    expect(valueIn(await next(socket), "mark")).toBe(7);
  });
});
