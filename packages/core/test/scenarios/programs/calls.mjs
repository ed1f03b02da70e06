// Exchanges a descriptor in every way that the calls allow, and reports the result or the error.
//
//   node calls.mjs
import { writeSync } from "node:fs";
import { Listener, Socket, socketpair } from "sendmsg";
import { AF_UNIX, SOCK_DGRAM } from "sendmsg/constants";
import * as syscalls from "sendmsg/syscalls";

async function attempt(body) {
  try {
    return await body();
  } catch ({ code, errno, syscall, reason, message }) {
    return { code, errno, syscall, reason, message };
  }
}

/** Whole sockets: socket, bind, listen, connect, accept4, getsockname, sendmsg, recvmsg, shutdown. */
async function sockets() {
  const listener = await Listener.listen({ family: "ipv4", address: "127.0.0.1", port: 0 });
  const client = await Socket.connect(listener.getsockname());
  const accepted = await listener.accept();
  await client.sendmsg({ data: "over TCP" });
  const data = String((await accepted.recvmsg()).data);
  const { address } = client.getpeername();
  await client.shutdown("write");
  const { eof } = await accepted.recvmsg();
  await Promise.all([listener, client, accepted].map((one) => one.close()));
  return [data, address, eof];
}

/** A loop over a listener. */
async function iteration() {
  const listener = await Listener.listen({ family: "unix" });
  const client = await Socket.connect(listener.getsockname());
  try {
    for await (const accepted of listener) {
      await accepted.close();
      return true;
    }
  } finally {
    await Promise.all([listener, client].map((one) => one.close()));
  }
}

/** Descriptors: socketpair, setsockopt, getsockopt. */
async function descriptors() {
  const [a, b] = socketpair("seqpacket", { maxFds: 2, receive: ["credentials"] });
  await a.sendmsg({ data: "x", fds: [0, 1] });
  const message = await b.recvmsg();
  const found = [
    message.fds.length,
    message.control[0]?.value.pid === process.pid,
    a.getPeerCredentials().pid > 0,
  ];
  message[Symbol.dispose]();
  await Promise.all([a.close(), b.close()]);
  return found;
}

/** Batches: sendmmsg, recvmmsg. */
function batches() {
  const [a, b] = syscalls.socketpair(AF_UNIX, SOCK_DGRAM);
  const sent = syscalls.sendmmsg(a, [{ data: "one" }, { data: "two" }]);
  const buffers = [Buffer.alloc(8), Buffer.alloc(8)];
  const received = syscalls.recvmmsg(
    b,
    buffers.map((buffer) => ({ buffers: buffer })),
  );
  syscalls.close(a);
  syscalls.close(b);
  return [sent, received.length, String(buffers[1].subarray(0, 3))];
}

const found = {
  sockets: await attempt(sockets),
  iteration: await attempt(iteration),
  descriptors: await attempt(descriptors),
  batches: await attempt(batches),
};
// Not console.log(): Node itself would make some of these calls before it writes to a socket.
writeSync(1, JSON.stringify(found));
