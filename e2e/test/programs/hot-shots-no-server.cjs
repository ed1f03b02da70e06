// Makes a client while no server is there, and starts the server later.
const { startServer, until } = require("./server.cjs");
const StatsD = require(process.argv[2]);

(async () => {
  const errors = [];
  const client = new StatsD({
    protocol: "uds",
    path: "dsd.sock",
    maxBufferSize: 0,
    errorHandler: ({ message, code, syscall }) => errors.push([message, code, syscall]),
  });
  const made = errors.splice(0);
  client.increment("lost");
  const sent = errors.splice(0);
  const server = (await startServer("dsd.sock")).read();
  // hot-shots makes the socket now, but gives this metric up.
  client.increment("makes the socket");
  const remade = errors.splice(0);
  client.increment("arrives");
  await until(() => server.messages.length > 0);
  client.close(async () => {
    await server.stop();
    console.log(JSON.stringify({ made, sent, remade, later: errors, arrived: server.messages }));
  });
})();
