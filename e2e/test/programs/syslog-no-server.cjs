// Writes a line before the server has ever started, and one later: syslog-no-server.cjs PROTOCOL
const { startServer, until } = require("./server.cjs");
const { startTransport, textOf } = require("./syslog.cjs");

(async () => {
  const { log, errors } = startTransport(process.argv[2]);
  log("early");
  const noticed = errors.splice(0);
  const server = (await startServer("syslog.sock")).read();
  log("later");
  await until(() => server.messages.some((line) => line.endsWith("later")));
  console.log(JSON.stringify({ noticed, later: errors, arrived: server.messages.map(textOf) }));
  process.exit();
})();
