// Whether waits keep the process alive: when it ends is what it tells.
//
//   node keep-alive.mjs CASE
import * as sendmsg from "sendmsg";

// What is forgotten would be closed when it is collected, with a warning.
globalThis.kept = [];
const keep = (one) => {
  globalThis.kept.push(one);
  return one;
};
const socketpair = () => keep(sendmsg.socketpair());
const listen = async () => keep(await sendmsg.Listener.listen(address));

const address = { family: "unix", abstract: `sendmsg-keep-alive-${process.pid}` };
process.on("exit", () => console.log("exit"));
const say = (what) => () => console.log(what);

const cases = {
  /** Sockets that nobody waits for: the process ends. */
  async idle() {
    const [a] = socketpair();
    await a.sendmsg({ data: "x" });
    await listen();
  },
  /** A wait is ended from a timer that does not itself keep the process alive. */
  async waiting() {
    const [a, b] = socketpair();
    b.recvmsg().then(say("received"));
    const sending = setTimeout(() => a.sendmsg({ data: "x" }), 100);
    sending.unref();
  },
  async accepting() {
    const listener = await listen();
    listener.accept().then(say("accepted"), say("closed"));
    const closing = setTimeout(() => listener.close(), 100);
    closing.unref();
  },
  /** unref: the wait is of no account. */
  async unref() {
    const [, b] = socketpair();
    b.unref();
    b.recvmsg().then(say("received"));
    const listener = await listen();
    listener.accept().then(say("accepted"));
    listener.unref();
  },
  /** ref again. */
  async ref() {
    const [a, b] = socketpair();
    b.unref();
    b.recvmsg().then(say("received"));
    b.ref();
    const sending = setTimeout(() => a.sendmsg({ data: "x" }), 100);
    sending.unref();
  },
  /** A wait that was aborted keeps nothing alive. */
  async aborted() {
    const [, b] = socketpair();
    const controller = new AbortController();
    b.recvmsg({ signal: controller.signal }).catch(say("aborted"));
    controller.abort();
  },
  /** Nor does one that ends with process.exit(). */
  async exit() {
    const [, b] = socketpair();
    b.recvmsg();
    setImmediate(() => process.exit(0));
  },
};

await cases[process.argv[2]]();
