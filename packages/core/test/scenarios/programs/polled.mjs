// polled.mjs CASE,CASE…: does to a watched descriptor what libuv's own watchers can't survive. Checks that other sockets are
// served, and prints what became of each wait.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket, socketpair } from "sendmsg";
import { dup } from "sendmsg/syscalls";
import { closeSync, openSync } from "../../support/files.mjs";

/** Uses up the user's watches until it is ended: every epoll instance can watch the same files again. */
const FULL = `
import select, socket, sys
files = [socket.socketpair() for _ in range(200)]
instances = []
try:
    while True:
        instances.append(select.epoll())
        for pair in files:
            for file in pair:
                instances[-1].register(file)
except OSError as error:
    print(error.strerror, flush=True)
sys.stdin.read()
`;

const failure = (promise) => promise.then(String, ({ code }) => code);

/** Runs the event loop for some turns, in which another pair of sockets must be served. */
async function otherSocketsWork() {
  const [a, b] = socketpair();
  for (let i = 0; i < 10; i++) {
    const message = b.recvmsg();
    await a.sendmsg({ data: `${i}` });
    if (String((await message).data) !== `${i}`) throw new Error("wrong");
    await new Promise(setImmediate);
  }
  await Promise.all([a.close(), b.close()]);
}

/** A socket that waits for a message that never comes, so that its number is watched. */
async function waiting() {
  const [a, b] = socketpair();
  const first = b.recvmsg();
  await a.sendmsg({ data: "x" });
  await first;
  return { a, b, message: failure(b.recvmsg()) };
}

const cases = {
  /** The number is closed in the turn in which the wait begins. */
  async closed() {
    const [, b] = socketpair();
    const message = failure(b.recvmsg());
    closeSync(b.fd);
    await otherSocketsWork();
    await b.close();
    return await message;
  },

  /** The number is closed and reused for a regular file, which epoll can't watch. */
  async file() {
    const [, b] = socketpair();
    const message = failure(b.recvmsg());
    const { fd } = b;
    closeSync(fd);
    if (openSync("/proc/self/exe", "r") !== fd) throw new Error("another number");
    await otherSocketsWork();
    await b.close();
    return await message;
  },

  /** The number is closed and reused for another socket, which waits, too. */
  async reused() {
    const { b, message } = await waiting();
    const { fd } = b;
    closeSync(fd);
    const [c, d] = socketpair();
    if (c.fd !== fd) throw new Error("another number");
    const received = c.recvmsg();
    await otherSocketsWork();
    await b.close();
    await otherSocketsWork();
    await d.sendmsg({ data: "there" });
    return [await message, String((await received).data)];
  },

  /** The watched number is closed, a copy keeps the socket open, and a message arrives that nobody can receive. */
  async lingering() {
    const { a, b, message } = await waiting();
    const copy = dup(b.fd);
    closeSync(b.fd);
    await a.sendmsg({ data: "for the other" });
    await otherSocketsWork();
    await b.close();
    await otherSocketsWork();
    // The number has another file now, and the events of the old one still come.
    const [c, d] = socketpair();
    const received = c.recvmsg();
    await otherSocketsWork();
    await d.sendmsg({ data: "there" });
    const data = String((await received).data);
    await otherSocketsWork();
    closeSync(copy);
    await otherSocketsWork();
    return [await message, data];
  },

  /** The same, and the socket closes before a message arrives. */
  async "closed first"() {
    const { a, b, message } = await waiting();
    const copy = dup(b.fd);
    closeSync(b.fd);
    await b.close();
    await a.sendmsg({ data: "for the other" });
    await otherSocketsWork();
    closeSync(copy);
    return await message;
  },

  /** A datagram has arrived and nobody waits: the event loop must not spin. */
  async unwanted() {
    const { a, b, message } = await waiting();
    await a.sendmsg({ data: "1" });
    await message;
    await a.sendmsg({ data: "2" });
    await otherSocketsWork();
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(before);
    return [user + system < 250_000, String((await b.recvmsg()).data)];
  },

  /** An earlier datagram was refused, so that a waiting socket has an error. */
  async refused() {
    const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const peer = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const gone = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const address = gone.getsockname();
    await gone.close();
    await socket.connect(address);
    const outcomes = [];
    for (let i = 0; i < 3; i++) {
      const message = failure(socket.recvmsg());
      await socket.sendmsg({ data: "x" });
      outcomes.push(await message);
    }
    await socket.connect(peer.getsockname());
    const message = socket.recvmsg();
    await peer.sendmsg({ data: "there", address: socket.getsockname() });
    return [...outcomes, String((await message).data)];
  },

  /** The user has no watch left: the program `full` uses them up. */
  async full() {
    await otherSocketsWork();
    const full = spawn("python3", ["-c", FULL], { stdio: ["pipe", "pipe", "inherit"] });
    await once(full.stdout, "data");
    const [a, b] = socketpair();
    const message = failure(b.recvmsg());
    const send = failure(a.sendmsg({ data: Buffer.alloc(1 << 22) }));
    const outcomes = [await message, await send];
    full.stdin.end();
    await once(full.stdout, "end");
    const received = b.recvmsg({ size: 5 });
    return [...outcomes, (await received).data.length];
  },

  /** Another process has the socket, and goes on using it. */
  async sent() {
    const { a, b, message } = await waiting();
    const [c, d] = socketpair();
    await c.sendmsg({ data: "take it", fds: [b] });
    closeSync(b.fd);
    await a.sendmsg({ data: "for the other" });
    await otherSocketsWork();
    await b.close();
    await otherSocketsWork();
    await Promise.all([a.close(), c.close(), d.close()]);
    return await message;
  },
};

const results = {};
for (const name of process.argv[2].split(",")) {
  results[name] = await cases[name]();
  await otherSocketsWork();
}
console.log(JSON.stringify(results));
process.exit();
