// Who is at the other end? Three answers of the kernel's, none of which the peer can forge.
//
//   node examples/credentials.mjs
//
// The process starts itself once more, as the client.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Listener, Socket } from "sendmsg";

async function client(path) {
  const socket = await Socket.connect({ path });
  try {
    await socket.sendmsg({ data: `I am ${process.pid}` });
    await socket.recvmsg(); // the server closes when it has seen enough
  } finally {
    await socket.close();
  }
}

async function server(path) {
  // Switched on before listen(2), so that the first message of every connection has its sender's credentials.
  const listener = await Listener.listen({ path }, { mode: 0o600, receive: ["credentials"] });
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), path], { stdio: "inherit" });
  const exited = once(child, "exit");
  try {
    // Should the client not come, the wait ends with it.
    const missing = new AbortController();
    exited.then(() => missing.abort(new Error("the client has ended")));
    const peer = await listener.accept({ signal: missing.signal });
    try {
      await identify(peer);
    } finally {
      await peer.close();
    }
    const [code] = await exited;
    if (code !== 0) throw new Error(`the client exited with ${code}`);
  } finally {
    await listener.close();
  }
}

async function identify(peer) {
  // 1. Who connected, frozen at that moment: what a server checks before it serves.
  const { pid, uid, gid } = peer.getPeerCredentials();
  console.log(`connected: pid ${pid}, uid ${uid}, gid ${gid}`);
  if (uid !== process.getuid()) throw new Error(`uid ${uid} is not welcome`);

  // 2. Who sent this message: another process may have inherited the connection.
  const message = await peer.recvmsg();
  const credentials = message.control.find((item) => item.name === "credentials");
  console.log(`"${message.data}" was sent by: pid ${credentials.value.pid}, uid ${credentials.value.uid}`);

  // 3. The process itself. A pid comes to mean another process when the first one has ended; a pidfd never does.
  try {
    const pidfd = peer.getPeerPidfd();
    try {
      const process = /^Pid:\s*(.*)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd.fd}`, "utf8"))[1];
      console.log(`its pidfd is of process ${process}`);
    } finally {
      pidfd.close();
    }
  } catch (error) {
    if (error.code !== "ENOPROTOOPT") throw error;
    console.log("this kernel has no peer pidfd: Linux has it since 6.5");
  }
}

if (process.argv[2] !== undefined) {
  await client(process.argv[2]);
} else {
  const directory = await mkdtemp(join(tmpdir(), "sendmsg-example-"));
  try {
    await server(join(directory, "credentials.sock"));
  } finally {
    await rm(directory, { recursive: true });
  }
}
