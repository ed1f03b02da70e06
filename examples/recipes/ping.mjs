// Sends echo requests without privileges: node ping.mjs 127.0.0.1
// icmp(7): your group must be in the range of the sysctl net.ipv4.ping_group_range. Otherwise socket(2) says EACCES.
import { Socket } from "sendmsg";
import { IPPROTO_ICMP } from "sendmsg/constants";

const [ICMP_ECHOREPLY, ICMP_ECHO] = [0, 8];
const target = { address: process.argv[2] ?? "127.0.0.1", port: 0 };

const socket = Socket.open({ family: "ipv4", protocol: IPPROTO_ICMP, receive: ["ipTtl"] });
try {
  for (let sequence = 1; sequence <= 3; sequence++) {
    const request = Buffer.alloc(16, "sendmsg!"); // type, code, checksum, identifier, sequence number, data
    request.set([ICMP_ECHO, 0, 0, 0, 0, 0], 0); // the kernel fills in the checksum and the identifier
    request.writeUInt16BE(sequence, 6);
    const start = performance.now();
    await socket.sendmsg({ data: request, address: target });
    const { data, control } = await socket.recvmsg({ signal: AbortSignal.timeout(1000) });
    if (data[0] !== ICMP_ECHOREPLY || data.readUInt16BE(6) !== sequence) continue; // a late answer
    const ttl = control.find((item) => item.name === "ipTtl").value;
    const time = (performance.now() - start).toFixed(2);
    console.log(`${data.length} bytes from ${target.address}: sequence ${sequence}, ttl ${ttl}, ${time} ms`);
  }
} finally {
  await socket.close();
}
