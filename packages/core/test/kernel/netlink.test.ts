import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_NETLINK,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_ROUTE,
  NETLINK_USERSOCK,
  SOCK_RAW,
  SOL_NETLINK,
} from "../../src/constants/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { next, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { namespace, namespaces } from "./namespace.js";
import { proves } from "./proves.js";

/** sockaddr_nl without its family: padding, port, groups as bits. */
function netlinkAddress(port: number, groups: number) {
  const data = Buffer.alloc(10);
  data.writeUInt32LE(port, 2);
  data.writeUInt32LE(groups, 6);
  return { family: AF_NETLINK, data };
}

const GROUP = 5;
/** A free port: the kernel assigns process ids and negative numbers. */
const SINK = 0x7000_0000 + process.pid;
/** A group, and a socket that also gets the message: port 0 would be the kernel, which refuses it. */
const TO_GROUP = netlinkAddress(SINK, 1 << (GROUP - 1));

/** A socket that sends to the group, and receives the messages to {@link SINK}. */
const SENDER = { at: encodeAddress(netlinkAddress(SINK, 0)) };

/** A netlink message: type, flags, then its body. netlink(7). */
function request(type: number, flags: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(header.length + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  return Buffer.concat([header, body]);
}

/** include/uapi/linux/net_namespace.h, rtnetlink.h, netlink.h. */
const RTM_NEWNSID = 88;
const NETNSA_NSID = 1;
const NETNSA_PID = 2;
const NLM_F_REQUEST_ACK = 5;
const NLMSG_ERROR = 2;

const attribute = (type: number, value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.writeInt32LE(value, 4);
  return bytes;
};

describe("SOL_NETLINK", () => {
  proves("netlinkPktInfo", "receive", undefined, async () => {
    const receiver = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, { receive: ["netlinkPktInfo"] });
    setsockopt(receiver.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP);
    const sender = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, SENDER);
    await sender.sendmsg({ data: "to all", address: TO_GROUP });
    expect(valueIn(await next(receiver), "netlinkPktInfo")).toEqual({ group: GROUP });
    // Only this socket gets the kernel's answer to a request that asks for nothing but an answer.
    const NLMSG_NOOP = 1;
    const route = open(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, { receive: ["netlinkPktInfo"] });
    await route.sendmsg({ data: request(NLMSG_NOOP, NLM_F_REQUEST_ACK, Buffer.alloc(0)) });
    expect(valueIn(await next(route), "netlinkPktInfo")).toEqual({ group: 0 });
  });

  proves("credentials", "receive", undefined, async () => {
    const receiver = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, { receive: ["credentials"] });
    setsockopt(receiver.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP);
    const sender = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, SENDER);
    await sender.sendmsg({ data: "to all", address: TO_GROUP });
    expect(valueIn(await next(receiver), "credentials")).toEqual({
      pid: process.pid,
      uid: process.getuid!(),
      gid: process.getgid!(),
    });
  });

  proves("netlinkListenAllNsid", "receive", namespaces(), async () => {
    const [here, there] = [await namespace(), await namespace()];
    const ID = 42;
    const route = here.open(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    const body = Buffer.concat([
      Buffer.alloc(4),
      attribute(NETNSA_NSID, ID),
      attribute(NETNSA_PID, there.pid),
    ]);
    await route.sendmsg({ data: request(RTM_NEWNSID, NLM_F_REQUEST_ACK, body) });
    const { data } = await next(route);
    expect([data.readUInt16LE(4), data.readInt32LE(16)], "type and error").toEqual([NLMSG_ERROR, 0]);

    const receiver = here.open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, {
      receive: ["netlinkListenAllNsid"],
    });
    setsockopt(receiver.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP);
    const sender = there.open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, SENDER);
    await sender.sendmsg({ data: "from afar", address: TO_GROUP });
    const message = await next(receiver);
    expect(message.data.toString()).toBe("from afar");
    expect(valueIn(message, "netlinkListenAllNsid")).toBe(ID);
  });
});
