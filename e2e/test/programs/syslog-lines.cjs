// Writes lines with a logger of winston, before and after the server starts again, and closes: syslog-lines.cjs PROTOCOL
const winston = require("winston");
const { startServer, until } = require("./server.cjs");
const { startTransport } = require("./syslog.cjs");

(async () => {
  let server = (await startServer("syslog.sock")).read();
  const { transport, errors } = startTransport(process.argv[2]);
  const logger = winston.createLogger({
    levels: winston.config.syslog.levels,
    format: winston.format.printf(({ message }) => message),
    transports: [transport],
  });
  logger.info("first");
  logger.error("second");
  await until(() => server.messages.length === 2);
  const before = server.messages;

  await server.stop();
  server = (await startServer("syslog.sock")).read();
  logger.info("after a restart");
  await until(() => server.messages.length === 1);

  let closed = 0;
  transport.on("closed", () => closed++);
  logger.close();
  await server.stop();
  process.on("exit", () => console.log(JSON.stringify({ before, after: server.messages, errors, closed })));
})();
