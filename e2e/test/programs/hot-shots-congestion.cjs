// Sends more metrics than fit into the server's queue, while the server does not read: hot-shots-congestion.cjs LIBRARY RETRIES
const { startServer, until } = require("./server.cjs");
const StatsD = require(process.argv[2]);
const retries = Number(process.argv[3]);
const COUNT = 30;

(async () => {
  const server = await startServer("dsd.sock");
  const errors = [];
  const client = new StatsD({
    protocol: "uds",
    path: "dsd.sock",
    maxBufferSize: 0,
    udsRetryOptions: { retries, retryDelayMs: 5, maxRetryDelayMs: 20 },
  });
  let sent = 0;
  for (let i = 0; i < COUNT; i++) {
    client.increment(`m${i}`, (error) => {
      if (error) errors.push({ text: error.message, code: error.code });
      else sent++;
    });
  }
  const sentAtOnce = sent;
  // Without retries, hot-shots gives up at once.
  await until(() => retries > 0 || sent + errors.length === COUNT);
  server.read();
  await until(() => sent + errors.length === COUNT);
  await until(() => server.messages.length === sent);
  client.increment("after", () => {});
  await until(() => server.messages.includes("after:1|c"));
  client.close(async () => {
    await server.stop();
    console.log(
      JSON.stringify({
        someWaited: sentAtOnce > 0 && sentAtOnce < COUNT,
        lost: COUNT - sent,
        arrived: new Set(server.messages).size - 1,
        errors: [...new Set(errors.map((error) => JSON.stringify(error)))].map((error) => JSON.parse(error)),
      }),
    );
  });
})();
