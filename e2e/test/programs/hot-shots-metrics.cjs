// Sends a metric of each kind, one a datagram, then several in one datagram.
const { startServer, until } = require("./server.cjs");
const StatsD = require(process.argv[2]);

(async () => {
  const server = (await startServer("dsd.sock")).read();
  const errors = [];
  const options = {
    protocol: "uds",
    path: "dsd.sock",
    errorHandler: ({ message }) => errors.push(message),
  };

  const single = new StatsD({ ...options, maxBufferSize: 0 });
  const called = [];
  single.increment("visits", (error) => called.push(error ?? "sent"));
  single.decrement("places", 2);
  single.gauge("heat", 21.5);
  single.timing("wait", 3);
  single.set("users", "anna");
  single.histogram("size", 7);
  single.distribution("weight", 8);
  single.event("start", "it begins");
  single.check("disk", single.CHECKS.WARNING);
  single.increment("tagged", 1, ["colour:red"]);
  await until(() => server.messages.length === 10);
  const one = server.messages.splice(0);

  const buffered = new StatsD({ ...options, maxBufferSize: 1000, bufferFlushInterval: 1 });
  buffered.increment("a");
  buffered.gauge("b", 2);
  await until(() => server.messages.length > 0);

  single.close(() =>
    buffered.close(async () => {
      await server.stop();
      console.log(JSON.stringify({ called, one, buffered: server.messages, errors }));
    }),
  );
})();
