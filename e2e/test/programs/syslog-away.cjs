// Writes a line while no server is there, and one when it is back: syslog-away.cjs PROTOCOL
const { startServer, until } = require("./server.cjs");
const { startTransport, textOf } = require("./syslog.cjs");

(async () => {
  let server = (await startServer("syslog.sock")).read();
  const { transport, log, errors } = startTransport(process.argv[2]);
  log("before");
  await until(() => server.messages.length === 1);
  await server.stop();
  log("away");
  const noticed = errors.splice(0);
  server = (await startServer("syslog.sock")).read();
  log("back");
  await until(() => server.messages.some((line) => line.endsWith("back")));
  const queued = transport.queue.map(textOf);
  console.log(JSON.stringify({ noticed, later: errors, arrived: server.messages.map(textOf), queued }));
  // winston-syslog would wait for its queue before it closes.
  process.exit();
})();
