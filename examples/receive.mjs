// Listens on a path, receives one open file, and reads it.
//
//   node examples/receive.mjs [PATH]          then, elsewhere: node examples/send.mjs FILE [PATH]
import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Listener } from "sendmsg";

const path = process.argv[2] ?? join(tmpdir(), "sendmsg-example.sock");

// mode: nobody but this user can connect, from the first instant. unlink: a file left by a killed run is replaced.
// maxFds: a message may bring one descriptor. Without it none is let in.
const listener = await Listener.listen({ path }, { mode: 0o600, unlink: "stale", maxFds: 1 });
try {
  console.log(`listening on ${path}`);
  const peer = await listener.accept();
  try {
    const message = await peer.recvmsg();
    try {
      const [file] = message.takeFds();
      if (file === undefined) throw new Error("the message brought no descriptor");
      // From here on the stream owns the descriptor, and closes it at its end.
      const stream = file.handOver((fd) => createReadStream("", { fd, start: 0 }));
      let bytes = 0;
      for await (const chunk of stream) bytes += chunk.length;
      console.log(`received ${message.data}: ${bytes} bytes`);
      await peer.sendmsg({ data: "thank you" });
    } finally {
      message[Symbol.dispose](); // closes descriptors that were not taken
    }
  } finally {
    await peer.close();
  }
} finally {
  await listener.close(); // removes the socket file, too
}
