// Sends descriptors that nobody receives. RLIMIT_NOFILE limits their number, except for root.
//
//   node too-many-references.mjs UID
import { setTimeout as pause } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { descriptorTable, leftOver } from "./open-files.mjs";

await Promise.all(socketpair().map((socket) => socket.close()));
await pause(10);
const before = descriptorTable();
const pairs = Array.from({ length: 4 }, () => socketpair("stream", { maxFds: 253 }));
if (process.getuid() === 0) process.setuid(Number(process.argv[2]));

const withPairs = descriptorTable();
const fds = new Array(20).fill(0);
let sent = 0;
let error;
const bytes = pairs.map(() => 0);
while (!error) {
  const at = sent++ % pairs.length;
  const [sender] = pairs[at];
  await sender.sendmsg({ data: "x", fds }).then(
    () => bytes[at]++,
    (caught) => {
      error = caught;
    },
  );
}
const { code, errno, syscall, bytesSent } = error;

// Every later send is refused at once, without a turn of the event loop.
const [sender, receiver] = pairs[0];
const cpu = process.cpuUsage();
const codes = new Set();
for (let i = 0; i < 20; i++) codes.add(await sender.sendmsg({ data: "x", fds }).catch(({ code }) => code));
await pause(200);
const { user, system } = process.cpuUsage(cpu);

// Bytes alone can still be sent. Once some descriptors are received, others can be sent.
await sender.sendmsg({ data: "bytes" });
bytes[0] += "bytes".length;
for (const [i, [, each]] of pairs.entries()) {
  while (bytes[i] > 0) {
    const message = await each.recvmsg();
    bytes[i] -= message.data.length;
    message[Symbol.dispose]();
  }
}
await leftOver(withPairs);
await sender.sendmsg({ data: "again", fds });
const again = await receiver.recvmsg();
const recovered = [String(again.data), again.fds.length];
again[Symbol.dispose]();
await Promise.all(pairs.flat().map((socket) => socket.close()));
console.log(
  JSON.stringify({
    sent: (sent - 1) * fds.length,
    error: { code, errno, syscall, bytesSent },
    codes: [...codes],
    cpu: (user + system) / 1000,
    recovered,
    leftOver: await leftOver(before),
  }),
);
