// How long datagrams are on their way: from the kernel's transmit timestamp to the kernel's receive timestamp. Both ends are on this
// machine, so both times are of one clock. Between two machines, the difference also contains the difference of their clocks.
import { now, Socket, TransmitTimestamps } from "sendmsg";

const COUNT = 10;

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { receive: ["timestampNs"] });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
const timestamps = new TransmitTimestamps(sender); // not `events: ["scheduled"]`: when the device gets the packet
try {
  for (let i = 0; i < COUNT; i++) {
    const called = now("realtime");
    const sending = timestamps.sendmsg({ data: `packet ${i}` });
    const { data, control } = await receiver.recvmsg();
    const { sent } = await sending;
    const received = control.find(({ name }) => name === "timestampNs")?.value;
    // A device can be without timestamps. `sent` is then missing.
    if (sent === undefined || received === undefined) throw new Error(`no timestamp for ${data}`);
    console.log(`${data}: left ${sent - called} ns after the call, one-way delay ${received - sent} ns`);
  }
  if (timestamps.missed > 0) console.log(`without a timestamp: ${timestamps.missed}`);
} finally {
  await Promise.all([sender.close(), receiver.close()]);
}
