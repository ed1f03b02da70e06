import { decodeAddress } from "../address/index.js";
import { AF_INET } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPNS_NEW, SO_TIMESTAMPNS_OLD } from "../constants/socket.js";
import { decodeControl } from "../control/decode.js";
import { type ControlItem, newItem, readItem } from "../control/items.js";
import type { ControlMessage } from "../control/table.js";
import { readPacketInfo } from "../ip-packet.js";
import { type Message, rawPartsOf } from "../message.js";
import { machineLayout } from "../wire/layout.js";
import { DecodedOnce } from "./decoded-once.js";
import { type PacketFacts, packetOf, type UdpAddress, type UdpPacket } from "./packet.js";

// Turns what recvmsg(2) returned into packets. Only the time is different in every packet, so it is decoded alone.

const NO_BYTES: Uint8Array = new Uint8Array(0);

const addresses = /* @__PURE__ */ new DecodedOnce((bytes) => decodeAddress(bytes) as UdpAddress);

/** Both IP versions have the same meaning of each level, so the family of the socket makes no difference. */
const factsOf = /* @__PURE__ */ new DecodedOnce((bytes) =>
  allFacts(decodeControl(bytes, { family: AF_INET })),
);

const item: ControlItem = newItem();

/** A copy, because the program may change the address of its packet. */
const ownAddress = (bytes: Uint8Array): UdpAddress => ({ ...addresses.get(bytes, 0) });

/** Makes the packet of a message that a UDP socket received. */
export function packetOfMessage(message: Message): UdpPacket {
  const raw = rawPartsOf(message);
  // A message that was not received by recvmsg(2): bytes that another library had read before the socket was taken over.
  if (raw === undefined) {
    const facts = allFacts(message.control);
    return packetOf(message.data, message.address as UdpAddress, facts, facts.timestamp, message.truncated);
  }
  return packetOfBytes(message.data, raw.address, raw.control, message.truncated);
}

/** Makes the packet of its encoded address and control data. */
export function packetOfBytes(
  data: Buffer,
  address = NO_BYTES,
  control = NO_BYTES,
  truncated: boolean,
): UdpPacket {
  let rest = 0;
  let timestamp: bigint | undefined;
  // The kernel writes the time before all other messages: sock_recv_cmsgs(), called by udp_recvmsg().
  if (control.length > 0) {
    const next = readItem(control, 0, machineLayout, item);
    if (next >= 0 && item.level === SOL_SOCKET && isTimestamp(item.type)) {
      rest = Math.min(next, control.length);
      timestamp = allFacts(decodeControl(control.subarray(0, rest))).timestamp;
    }
  }
  const facts = factsOf.get(control, rest);
  return packetOf(data, ownAddress(address), facts, timestamp ?? facts.timestamp, truncated);
}

const isTimestamp = (type: number): boolean => type === SO_TIMESTAMPNS_NEW || type === SO_TIMESTAMPNS_OLD;

function allFacts(control: readonly ControlMessage[]): PacketFacts {
  const facts: PacketFacts = readPacketInfo({ control });
  for (const { name, value } of control as { name: string; value: unknown }[]) {
    if (name === "timestampNs" || name === "timestampNsOld") facts.timestamp = value as bigint;
  }
  return facts;
}
