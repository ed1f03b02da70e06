// Sends metrics before, while and after the server is away: hot-shots-restart.cjs LIBRARY OPTIONS
const { startServer, until } = require("./server.cjs");
const StatsD = require(process.argv[2]);
const options = JSON.parse(process.argv[3]);

(async () => {
  let server = (await startServer("dsd.sock")).read();
  const errors = [];
  const client = new StatsD({
    protocol: "uds",
    path: "dsd.sock",
    maxBufferSize: 0,
    ...options,
    errorHandler: ({ message, code, syscall }) => errors.push([message, code, syscall]),
  });
  client.increment("before");
  await until(() => server.messages.length === 1);

  await server.stop();
  server = (await startServer("dsd.sock")).read();
  client.increment("after a restart");
  await until(() => server.messages.length === 1);
  const unnoticed = errors.splice(0);

  await server.stop();
  client.increment("lost");
  client.increment("lost again");
  await until(() => errors.length >= 2);
  const noticed = errors.splice(0);
  server = (await startServer("dsd.sock")).read();
  client.increment("back");
  client.increment("as before");
  await until(() => server.messages.length === 2);
  client.close(async () => {
    await server.stop();
    console.log(JSON.stringify({ unnoticed, noticed, later: errors, arrived: server.messages }));
  });
})();
