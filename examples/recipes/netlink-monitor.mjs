// Prints which network interfaces go up and down, until you end it with Ctrl-C: rtnetlink(7).
import { Socket } from "sendmsg";
import { NETLINK_ROUTE } from "sendmsg/constants";

// linux/rtnetlink.h, linux/if_link.h, linux/if.h. The numbers are in the processor's byte order: here, little endian.
const [RTMGRP_LINK, RTM_NEWLINK, RTM_DELLINK, IFLA_IFNAME, IFF_UP] = [1, 16, 17, 3, 1];
const align = (length) => (length + 3) & ~3;

function linkName(attributes) {
  for (let at = 0; at < attributes.length; at += align(attributes.readUInt16LE(at))) {
    if (attributes.readUInt16LE(at + 2) !== IFLA_IFNAME) continue;
    return attributes.toString("latin1", at + 4, at + attributes.readUInt16LE(at) - 1); // without the NUL
  }
}

const socket = await Socket.bind({ family: "netlink", groups: RTMGRP_LINK }, { protocol: NETLINK_ROUTE });
process.once("SIGINT", () => socket.close()); // ends the loop
console.log("watching");

// If this process is too slow, the kernel drops messages, and a receive fails with ENOBUFS. Then ask for the whole state anew.
const onError = (error) => console.log(`some changes were lost: ${error.code}`);
for await (const { data, address } of socket.messages({ onError })) {
  if (address.port !== 0) continue; // not from the kernel
  for (let at = 0; at < data.length; at += align(data.readUInt32LE(at))) {
    const [type, end] = [data.readUInt16LE(at + 4), at + data.readUInt32LE(at)];
    const name = linkName(data.subarray(at + 32, end)); // behind nlmsghdr and ifinfomsg, 16 bytes each
    if (type === RTM_NEWLINK)
      console.log(`${name} is ${data.readUInt32LE(at + 24) & IFF_UP ? "up" : "down"}`);
    if (type === RTM_DELLINK) console.log(`${name} is gone`);
  }
}
