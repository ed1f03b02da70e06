// Passes an open file to the process that listens on a path: the descriptor itself, not the file's bytes.
//
//   node examples/send.mjs [FILE [PATH]]      while examples/receive.mjs is running
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Socket } from "sendmsg";

const [name = fileURLToPath(import.meta.url), path = join(tmpdir(), "sendmsg-example.sock")] =
  process.argv.slice(2);

const file = await open(name);
try {
  const socket = await Socket.connect({ path });
  try {
    await socket.sendmsg({ data: basename(name), fds: [file] });
    // The receiver has a descriptor of its own now; this one is still ours to close, whenever we like.
    const answer = await socket.recvmsg();
    console.log(`sent ${basename(name)}; the receiver says: ${answer.data}`);
  } finally {
    await socket.close();
  }
} finally {
  await file.close();
}
