// A socket between this process and its child, on which both can pass descriptors.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { Socket, socketpairForChild } from "sendmsg";

if (process.argv[2] === "child") {
  const socket = Socket.from(3); // the fourth entry of stdio
  const { data, fds } = await socket.recvmsg({ maxFds: 1 });
  console.log(`the child got "${data}" and ${fds.length} descriptor`);
  for (const fd of fds) fd.close();
  await socket.close();
} else {
  const [socket, end] = socketpairForChild("seqpacket");
  const file = await open(new URL(import.meta.url));
  const stdio = ["ignore", "inherit", "inherit", end.fd];
  const child = spawn(process.execPath, [process.argv[1], "child"], { stdio });
  end.close(); // the child has a descriptor of its own
  try {
    await socket.sendmsg({ data: "a file", fds: [file] });
    await once(child, "exit");
  } finally {
    await Promise.all([socket.close(), file.close()]);
  }
}
