// Loads unix-dgram as the program in the first argument does, sends one message to the path in the second argument, and prints how
// many nanoseconds this took, and the memory of the process in MB.
const { createRequire } = require("node:module");

const [, , program, path] = process.argv;
const begin = process.hrtime.bigint();
const unix = createRequire(program)("unix-dgram");
const socket = unix.createSocket("unix_dgram");
socket.connect(path);
socket.send(Buffer.from("started"), (error) => {
  if (error) throw error;
  const elapsed = Number(process.hrtime.bigint() - begin);
  console.log(elapsed, process.memoryUsage.rss() / 1e6);
  socket.close();
});
