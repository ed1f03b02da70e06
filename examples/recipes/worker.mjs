// Gives a connection to a worker thread.
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { FileDescriptor, Socket, socketpair } from "sendmsg";

if (isMainThread) {
  const [connection, client] = socketpair();
  // trackUnmanagedFds: otherwise a worker closes numbers at its end that it does not own.
  const worker = new Worker(new URL(import.meta.url), { trackUnmanagedFds: false });
  worker.postMessage(connection.detach().transfer()); // a ticket: the connection is gone from this thread
  try {
    await client.sendmsg({ data: "who serves me?" });
    console.log(`${(await client.recvmsg()).data}`);
  } finally {
    await client.close();
  }
} else {
  parentPort.once("message", async (ticket) => {
    const connection = Socket.from(FileDescriptor.claim(ticket)); // this thread owns it now
    try {
      const { data } = await connection.recvmsg();
      await connection.sendmsg({ data: `"${data}": a worker` });
    } finally {
      await connection.close();
    }
  });
}
