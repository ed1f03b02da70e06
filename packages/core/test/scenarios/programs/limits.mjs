// Reaches the limit of open files (`ulimit -n`) in several places, and reports what happened.
//
//   node limits.mjs CASE
import { setTimeout as pause } from "node:timers/promises";
import { Listener, Socket, socketpair } from "sendmsg";
import { descriptorTable, exhaust, leftOver } from "./open-files.mjs";

const pairOf = (type) => socketpair(type, { maxFds: 253 });
const codeOf = (promise) =>
  promise.then(
    () => "none",
    ({ code, syscall, bytesSent }) => [code, syscall, bytesSent].join(" "),
  );

const cases = {
  async receive(type, spare) {
    const [sender, receiver] = pairOf(type);
    await sender.sendmsg({ data: "kept", fds: new Array(30).fill(0) });
    const release = exhaust(Number(spare));
    const message = await receiver.recvmsg();
    const { controlTruncated, droppedFds } = message;
    const arrived = { data: String(message.data), fds: message.fds.length, controlTruncated, droppedFds };
    message[Symbol.dispose]();
    release();
    await sender.sendmsg({ data: "next", fds: new Array(30).fill(0) });
    const next = await receiver.recvmsg();
    const recovered = [String(next.data), next.fds.length, next.controlTruncated];
    next[Symbol.dispose]();
    await Promise.all([sender.close(), receiver.close()]);
    return { ...arrived, recovered };
  },

  /** The descriptors arrive while a receive waits at the limit. */
  async waiting(type) {
    const [sender, receiver] = pairOf(type);
    const waiting = receiver.recvmsg();
    const release = exhaust(3);
    await sender.sendmsg({ data: "kept", fds: [0, 0, 0, 0] });
    const message = await waiting;
    const arrived = [String(message.data), message.fds.length, message.controlTruncated];
    message[Symbol.dispose]();
    release();
    await Promise.all([sender.close(), receiver.close()]);
    return { arrived };
  },

  /** A send that must wait duplicates its descriptors. */
  async duplicate(type) {
    const [sender, receiver] = pairOf(type);
    let filled = 0;
    while (sender.trySendmsg({ data: "filler" })) filled++;
    const release = exhaust(2);
    const refused = await codeOf(sender.sendmsg({ data: "never", fds: [0, 0, 0] }));
    // Once the earlier duplicates are closed, two descriptors can be duplicated, and this send waits.
    let waiting;
    for (let code = "EMFILE"; code === "EMFILE"; ) {
      await pause(1);
      waiting = sender.sendmsg({ data: "later", fds: [0, 0] });
      code = await Promise.race([waiting.catch(({ code }) => code), pause(10)]);
    }
    release();
    let later;
    for (let left = filled * "filler".length + "later".length; left > 0; ) {
      later = await receiver.recvmsg();
      left -= later.data.length;
      if (later.fds.length > 0) break;
    }
    await waiting;
    const arrived = [String(later.data).slice(-5), later.fds.length];
    later[Symbol.dispose]();
    await Promise.all([sender.close(), receiver.close()]);
    return { refused, arrived };
  },

  /** accept(2) fails with EMFILE: the connection must wait for a descriptor, without spinning. */
  async accept() {
    const address = { family: "unix", abstract: `sendmsg-limits-${process.pid}` };
    const listener = await Listener.listen(address);
    const client = await Socket.connect(address);
    const release = exhaust(0);
    const accepting = listener.accept();
    const before = process.cpuUsage();
    await pause(300);
    const { user, system } = process.cpuUsage(before);
    release();
    const accepted = await accepting;
    await client.sendmsg({ data: "hello" });
    const data = String((await accepted.recvmsg()).data);
    await Promise.all([client, accepted, listener].map((one) => one.close()));
    return { data, cpu: (user + system) / 1000 };
  },

  /** New sockets. */
  async make() {
    const release = exhaust(0);
    const codes = [
      await codeOf(Promise.resolve().then(() => socketpair())),
      await codeOf(Socket.connect({ path: "/nonexistent" })),
      await codeOf(Socket.bind({ path: "/nonexistent/x" }, { type: "dgram" })),
      await codeOf(Listener.listen({ path: "/nonexistent/x" })),
    ];
    release();
    await Promise.all(socketpair().map((one) => one.close()));
    return { codes };
  },
};

const [name, ...args] = process.argv.slice(2);
// The first wait opens the event loop's own descriptors, which stay open.
await Promise.all(socketpair().map((one) => one.close()));
await pause(10);
const before = descriptorTable();
const found = await cases[name](...args);
console.log(JSON.stringify({ ...found, leftOver: await leftOver(before) }));
