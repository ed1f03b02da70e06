// A server at a path, to which others send datagrams. It reads only after read().
const { rmSync } = require("node:fs");
const { setTimeout: delay } = require("node:timers/promises");

/** After this, the tests would stop the program (LIMIT in project.mjs), and would not say what it waited for. */
const LIMIT = 60_000;

/** Waits until a condition is true. Fails if it takes too long. */
const until = async (condition) => {
  // Made now, because after a pause the stack no longer names the caller.
  const failure = new Error(`This did not become true within ${LIMIT / 1000} s: ${condition}`);
  const deadline = performance.now() + LIMIT;
  while (!condition()) {
    if (performance.now() >= deadline) throw failure;
    await delay(2);
  }
};

const startServer = async (path) => {
  // Not @sendmsg/unix-dgram: its sockets always read, and it is what we test.
  const { Socket } = await import("sendmsg");
  const address = { family: "unix", path };
  const socket = await Socket.bind(address, { type: "dgram" });
  const probe = await Socket.connect(address, { type: "dgram" });
  const isGone = () => {
    try {
      probe.trySendmsg({ data: "" });
      return false;
    } catch {
      return true;
    }
  };
  const messages = [];
  return {
    /** What has arrived, as texts. */
    messages,
    read() {
      (async () => {
        for await (const { data } of socket) messages.push(String(data));
      })();
      return this;
    },
    /** Stops the server and removes its file. */
    async stop() {
      socket.close();
      // A thread closes the socket. Until then, the kernel takes messages for it.
      await until(isGone);
      probe.close();
      rmSync(path, { force: true });
    },
  };
};

module.exports = { startServer, until };
