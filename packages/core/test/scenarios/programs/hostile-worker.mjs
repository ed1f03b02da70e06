// A worker that has lingering descriptors in a message and in a socket's queue, and waits.
import { parentPort } from "node:worker_threads";
import { socketpair } from "sendmsg";
import { close } from "sendmsg/syscalls";
import { lingering } from "./lingering.mjs";

const [sender, receiver] = socketpair("stream", { maxFds: 1 });
for (let i = 0; i < 2; i++) {
  const { fd } = lingering();
  await sender.sendmsg({ data: "x", fds: [fd] });
  close(fd);
}
const message = await receiver.recvmsg();
parentPort.postMessage(message.fds.length);
setInterval(() => message.fds, 1000);
