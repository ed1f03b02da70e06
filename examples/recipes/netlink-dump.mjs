// Asks the kernel for the addresses of all interfaces: rtnetlink(7).
import { Socket } from "sendmsg";
import { NETLINK_ROUTE } from "sendmsg/constants";

// linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h. The numbers are in the processor's byte order: here, little endian.
const [NLMSG_ERROR, NLMSG_DONE, RTM_NEWADDR, RTM_GETADDR] = [2, 3, 20, 22];
const [NLM_F_REQUEST, NLM_F_DUMP] = [0x1, 0x300];
const [IFA_ADDRESS, IFA_LABEL] = [1, 3];
const HEADER = 16;
const align = (length) => (length + 3) & ~3;

/** What a request that asks for a dump brings: `{ type, body }` for each netlink message. */
async function* dump(socket, type, body) {
  const header = Buffer.alloc(HEADER); // length, type, flags, sequence number, port
  header.writeUInt32LE(HEADER + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  await socket.sendmsg({ data: [header, body], address: { family: "netlink", port: 0 } });
  for await (const { data, address } of socket) {
    if (address.port !== 0) continue; // not from the kernel
    for (let at = 0; at < data.length; at += align(data.readUInt32LE(at))) {
      const answer = {
        type: data.readUInt16LE(at + 4),
        body: data.subarray(at + HEADER, at + data.readUInt32LE(at)),
      };
      if (answer.type === NLMSG_DONE) return;
      if (answer.type === NLMSG_ERROR)
        throw new Error(`the kernel says errno ${-answer.body.readInt32LE(0)}`);
      yield answer;
    }
  }
}

/** The attributes behind a netlink message's own header: a Map from type to bytes. */
function attributes(bytes) {
  const found = new Map();
  for (let at = 0; at < bytes.length; at += align(bytes.readUInt16LE(at))) {
    found.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 4, at + bytes.readUInt16LE(at)));
  }
  return found;
}

const socket = Socket.open({ family: "netlink", protocol: NETLINK_ROUTE });
try {
  const ifaddrmsg = Buffer.alloc(8); // family, prefix length, flags, scope, interface: all 0 means all addresses
  for await (const { type, body } of dump(socket, RTM_GETADDR, ifaddrmsg)) {
    if (type !== RTM_NEWADDR) continue;
    const found = attributes(body.subarray(ifaddrmsg.length));
    const bytes = found.get(IFA_ADDRESS);
    const text = bytes.length === 4 ? bytes.join(".") : bytes.toString("hex").match(/..../g).join(":");
    const label =
      found.get(IFA_LABEL)?.toString("latin1").replace("\0", "") ?? `interface ${body.readUInt32LE(4)}`;
    console.log(`${label}: ${text}/${body[1]}`);
  }
} finally {
  await socket.close();
}
