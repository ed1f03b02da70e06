// Writes lines until the server's queue is full, while it does not read. Then it reads: syslog-congestion.cjs PROTOCOL
const { startServer, until } = require("./server.cjs");
const { startTransport, textOf } = require("./syslog.cjs");

(async () => {
  const server = await startServer("syslog.sock");
  const { transport, log, errors } = startTransport(process.argv[2]);
  let count = 0;
  while (errors.length === 0) log(`line ${count++}`);
  const wasQueued = transport.queue.map(textOf).join() === `line ${count - 1}`;
  server.read();
  // After the event "writable", unix-connect sends what is queued. With unix, nothing sends it.
  const expected = process.argv[2] === "unix-connect" ? count : count - 1;
  await until(() => server.messages.length === expected);
  log("after");
  await until(() => server.messages.length === expected + 1);
  const lines = Array.from({ length: expected }, (_, i) => `line ${i}`);
  const arrivedInOrder = server.messages.map(textOf).join() === [...lines, "after"].join();
  console.log(JSON.stringify({ errors, wasQueued, arrivedInOrder }));
  process.exit();
})();
