// Takes over from a running server, and fails before it reports that it is ready.
//
//   node failing-successor.mjs CONTROL_PATH HOW
import { setTimeout as pause } from "node:timers/promises";
import { Socket } from "sendmsg";
import { MSG_PEEK } from "sendmsg/constants";

const [path, how] = process.argv.slice(2);
const predecessor = await Socket.connect({ path });
// If it leaves the handover unread, the server gets ECONNRESET. If it ends before the handover, the server gets EPIPE.
if (how === "unread") {
  while (!predecessor.tryRecvmsg({ flags: MSG_PEEK })) await pause(1);
  process.exit();
}
if (how === "gone") process.kill(process.pid, "SIGKILL");
const message = await predecessor.recvmsg({ maxFds: 2 });
console.log(message.fds.length);
if (how === "crash") process.kill(process.pid, "SIGKILL");
if (how === "exit") process.exit(3);
if (how === "refuse") {
  await predecessor.sendmsg({ data: "no" });
  await predecessor.recvmsg();
  message[Symbol.dispose]();
}
