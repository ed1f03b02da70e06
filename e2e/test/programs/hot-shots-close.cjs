// Closes a client whose buffer is not empty. Nothing else keeps the process.
const { readdirSync } = require("node:fs");
const { startServer, until } = require("./server.cjs");
const StatsD = require(process.argv[2]);
const openDescriptors = () => readdirSync("/proc/self/fd").length;

(async () => {
  const server = (await startServer("dsd.sock")).read();
  // The first socket opens some descriptors that the library keeps. A thread closes the socket's own one.
  const first = require("unix-dgram").createSocket("unix_dgram");
  const before = openDescriptors() - 1;
  first.close();
  await until(() => openDescriptors() === before);
  const client = new StatsD({
    protocol: "uds",
    path: "dsd.sock",
    maxBufferSize: 1000,
    bufferFlushInterval: 1_000_000,
  });
  client.increment("last");
  const calls = [];
  client.close((...given) => calls.push(given));
  await until(() => calls.length > 0 && server.messages.length > 0 && openDescriptors() === before);
  await server.stop();
  process.on("exit", () => console.log(JSON.stringify({ calls, arrived: server.messages })));
})();
