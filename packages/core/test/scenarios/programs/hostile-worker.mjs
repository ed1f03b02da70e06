// A worker that has lingering descriptors in a message and in a socket's queue, and waits.
import { parentPort } from "node:worker_threads";
import { socketpair } from "sendmsg";
import { sendLingering } from "./lingering.mjs";

const [sender, receiver] = socketpair("stream", { maxFds: 253 });
await sendLingering(sender, 253);
await sendLingering(sender, 1);
const message = await receiver.recvmsg();
parentPort.postMessage(message.fds.length);
setInterval(() => message.fds, 1000);
