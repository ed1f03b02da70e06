// Tells systemd that the program is ready, as services that use unix-dgram do: sd_notify(3).
const { createSocket } = require("unix-dgram");

const socket = createSocket("unix_dgram");
const state = Buffer.from(process.argv[2]);
const name = process.env.NOTIFY_SOCKET.replace(/^@/, "\0");
socket.send(state, 0, state.byteLength, name, (error) => {
  console.log(error ? `${error.syscall} ${error.code}` : "told");
  socket.close();
});
