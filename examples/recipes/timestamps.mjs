// When did the kernel send a packet, and when did it receive it? The kernel's Documentation/networking/timestamping.rst.
import { Socket } from "sendmsg";
import {
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "sendmsg/constants";

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 });
const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
try {
  receiver.options.set("timestamping", SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  // OPT_ID numbers the packets. OPT_TSONLY leaves the packet's bytes out of the report.
  const options = SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
  sender.options.set("timestamping", SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | options);
  const reports = sender.errors({ signal: AbortSignal.timeout(5000) });

  for (let i = 0; i < 3; i++) {
    await sender.sendmsg({ data: `packet ${i}` });
    const message = await receiver.recvmsg();
    const { software: received } = message.control.find((item) => item.name === "timestamping").value;
    const { value: report } = await reports.next();
    const sent = report.software; // nanoseconds since 1970, a bigint
    console.log(`${message.data}: report ${report.id}, ${received - sent} ns between the two`);
  }
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
