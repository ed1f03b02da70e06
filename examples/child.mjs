// A parent and a child process pass each other open files, over a socket that the child finds as its descriptor 3.
//
//   node examples/child.mjs
//
// The process starts itself once more, as the child.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Socket, socketpairForChild } from "sendmsg";

const itself = fileURLToPath(import.meta.url);

async function parent() {
  const [socket, end] = socketpairForChild("stream", { maxFds: 1 });
  const child = spawn(process.execPath, [itself, "child"], {
    stdio: ["inherit", "inherit", "inherit", end.fd],
  });
  end.close(); // the child has a copy. While we had ours, we would not see that the child has ended
  const exited = once(child, "exit"); // rejects if the child can't be started
  try {
    const file = openSync(itself);
    await socket.sendmsg({ data: "this program", fds: [file] });
    closeSync(file);
    console.log(`the child sent ${read(await socket.recvmsg())}`);
  } finally {
    await socket.close(); // the child sees the end
  }
  const [code] = await exited;
  console.log(`the child ended with ${code}`);
}

async function child() {
  const socket = Socket.from(3, { maxFds: 1 });
  for await (const message of socket) {
    console.log(`the parent sent ${read(message)}`);
    const file = openSync("/proc/self/comm");
    await socket.sendmsg({ data: "its name", fds: [file] });
    closeSync(file);
  }
  await socket.close();
}

/** Reads the file that came with a message, and closes it. */
function read(message) {
  if (message.eof) throw new Error("the other process has ended");
  const [file] = message.takeFds();
  try {
    const [line] = readFileSync(file.fd, "utf8").split("\n");
    return `${message.data}: ${line}`;
  } finally {
    file.close();
  }
}

await (process.argv[2] === "child" ? child() : parent());
