// Tells systemd that the service is ready, and gives it the listening socket to keep: sd_notify(3), without libsystemd.
// After a restart, systemd passes the socket back: see socket-activation.mjs.
import { Listener, Socket } from "sendmsg";

/** Does nothing if systemd has not started this process, or if the unit has no Type=notify. */
async function notify(lines, fds = []) {
  const { NOTIFY_SOCKET: path } = process.env;
  if (!path) return;
  const address = path.startsWith("@") ? { abstract: path.slice(1) } : { path };
  const socket = await Socket.connect(address, { type: "dgram" });
  try {
    await socket.sendmsg({ data: lines.join("\n"), fds });
  } finally {
    await socket.close();
  }
}

const listener = await Listener.listen({ address: "127.0.0.1", port: 0 });
try {
  await notify(["FDSTORE=1", "FDNAME=http"], [listener]); // needs FileDescriptorStoreMax= in the unit
  await notify(["READY=1", `STATUS=listening on port ${listener.getsockname().port}`]);
} finally {
  await listener.close(); // systemd has a descriptor of its own: clients can still connect
}
