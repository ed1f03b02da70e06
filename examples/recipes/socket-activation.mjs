// Serves on the sockets that systemd (or systemd-socket-activate, or the descriptor store) has passed: sd_listen_fds(3).
import { Listener } from "sendmsg";

/** The listeners that were passed, by name. */
function passedListeners() {
  const { LISTEN_PID, LISTEN_FDS = "0", LISTEN_FDNAMES = "" } = process.env;
  if (Number(LISTEN_PID) !== process.pid) return []; // they are meant for another process
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete process.env[name]; // not for our children
  const names = LISTEN_FDNAMES.split(":");
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => ({
    name: names[i] || "unknown",
    listener: Listener.from(3 + i), // the first one is always 3
  }));
}

for (const { name, listener } of passedListeners()) {
  const peer = await listener.accept();
  try {
    await peer.sendmsg({ data: `hello from ${name}\n` });
  } finally {
    await peer.close();
    await listener.close();
  }
}
