// A socket between this process and its child, on which both can pass descriptors.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { Socket, socketpair } from "sendmsg";

if (process.argv[2] === "child") {
  const socket = Socket.from(3); // the fourth entry of stdio
  const { data, fds } = await socket.recvmsg({ maxFds: 1 });
  console.log(`the child got "${data}" and ${fds.length} descriptor`);
  for (const fd of fds) fd.close();
  await socket.close();
} else {
  const [ours, theirs] = socketpair("seqpacket");
  const file = await open(new URL(import.meta.url));
  const given = theirs.detach(); // theirs is given away
  const stdio = ["ignore", "inherit", "inherit", given.fd];
  const child = spawn(process.execPath, [new URL(import.meta.url).pathname, "child"], { stdio });
  given.close(); // the child has a descriptor of its own
  try {
    await ours.sendmsg({ data: "a file", fds: [file] });
    await once(child, "exit");
  } finally {
    await Promise.all([ours.close(), file.close()]);
  }
}
