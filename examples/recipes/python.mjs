// Passes a file to a Python program, and gets one back. Python has this since 3.9: socket.send_fds, socket.recv_fds.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { socketpairForChild } from "sendmsg";

const PYTHON = `
import os, socket, sys
channel = socket.socket(fileno=3)
data, fds, flags, address = socket.recv_fds(channel, 1024, 1)
print("Python got", data, "and a file of", os.fstat(fds[0]).st_size, "bytes", flush=True)
with open("/proc/self/comm") as mine:
    socket.send_fds(channel, [b"my name"], [mine.fileno()])
`;

const [socket, end] = socketpairForChild(); // Python expects a socket that blocks
const file = await open(new URL(import.meta.url));
const python = spawn("python3", ["-c", PYTHON], { stdio: ["ignore", "inherit", "inherit", end.fd] });
end.close();
try {
  await socket.sendmsg({ data: "a file", fds: [file] });
  const message = await socket.recvmsg({ maxFds: 1 });
  const [comm] = message.takeFds();
  console.log(`Node got "${message.data}": ${readFileSync(comm.fd, "utf8").trim()}`);
  comm.close();
  await once(python, "exit");
} finally {
  await Promise.all([socket.close(), file.close()]);
}
