// Shows whether waits keep the process alive, by the time at which it ends.
//
//   node keep-alive.mjs CASE
import * as sendmsg from "sendmsg";

// Keeps the sockets from garbage collection, which would close them with a warning.
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
  /** Nobody waits on the sockets: the process ends. */
  async idle() {
    const [a] = socketpair();
    await a.sendmsg({ data: "x" });
    await listen();
  },
  /** A timer ends the wait. The timer itself does not keep the process alive. */
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
  /** After unref(), the wait does not keep the process alive. */
  async unref() {
    const [, b] = socketpair();
    b.unref();
    b.recvmsg().then(say("received"));
    const listener = await listen();
    listener.accept().then(say("accepted"));
    listener.unref();
  },
  /** After ref(), it does again. */
  async ref() {
    const [a, b] = socketpair();
    b.unref();
    b.recvmsg().then(say("received"));
    b.ref();
    const sending = setTimeout(() => a.sendmsg({ data: "x" }), 100);
    sending.unref();
  },
  /** An aborted wait does not keep the process alive. */
  async aborted() {
    const [, b] = socketpair();
    const controller = new AbortController();
    b.recvmsg({ signal: controller.signal }).catch(say("aborted"));
    controller.abort();
  },
  /** process.exit() ends the process in spite of a wait. */
  async exit() {
    const [, b] = socketpair();
    b.recvmsg();
    setImmediate(() => process.exit(0));
  },
};

await cases[process.argv[2]]();
