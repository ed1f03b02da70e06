// A transport of winston-syslog that writes to syslog.sock.
const { Syslog } = require("winston-syslog");

exports.startTransport = (protocol) => {
  const transport = new Syslog({ protocol, path: "syslog.sock", appName: "app", pid: 7 });
  const errors = [];
  transport.on("error", ({ message, code, syscall }) => errors.push([message, code, syscall]));
  return {
    transport,
    errors,
    /** Writes a line as winston's loggers do. A logger itself drops a transport after its first error. */
    log(text) {
      transport.log({ [Symbol.for("level")]: "info", [Symbol.for("message")]: text }, () => {});
    },
  };
};

/** The text of a line of syslog. */
exports.textOf = (line) => line.replace(/^<\d+>.*app\[7\]: ?/, "");
