// Messages with descriptors on a stream, where the kernel keeps no boundaries: each frame says how many bytes and how many
// descriptors belong to it, and the receiver takes both first in, first out. See docs/streams.md.
//
//   node examples/frames.mjs
import { readFileSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { socketpair } from "sendmsg";

const HEADER = 8; // two uint32: bytes of the body, descriptors
const MAX_BODY = 1 << 20;
const MAX_FDS = 16;

async function sendFrame(socket, body, fds = []) {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(Buffer.byteLength(body), 0);
  header.writeUInt32LE(fds.length, 4);
  await socket.sendmsg({ data: [header, body], fds });
}

/** The frames of a stream: `{ body, fds }`, whose descriptors the consumer owns. */
async function* frames(socket) {
  let bytes = Buffer.alloc(0);
  const fds = []; // arrived, and not yet claimed by a frame
  try {
    for await (const message of socket.messages({ maxFds: MAX_FDS })) {
      fds.push(...message.takeFds());
      if (message.droppedFds > 0 || message.controlTruncated) throw new Error("descriptors were lost");
      bytes = bytes.length === 0 ? message.data : Buffer.concat([bytes, message.data]);
      while (bytes.length >= HEADER) {
        const length = bytes.readUInt32LE(0);
        const count = bytes.readUInt32LE(4);
        if (length > MAX_BODY || count > MAX_FDS) throw new Error("not a frame");
        if (bytes.length < HEADER + length) break;
        // They came with the frame's first byte, or the peer did not send what it announced.
        if (fds.length < count) throw new Error("a frame lacks its descriptors");
        const body = bytes.subarray(HEADER, HEADER + length);
        bytes = bytes.subarray(HEADER + length);
        yield { body, fds: fds.splice(0, count) };
      }
      // Between receives there is at most one frame that is not complete: it accounts for what is left.
      if (fds.length > MAX_FDS) throw new Error("descriptors that no frame has announced");
    }
    if (bytes.length > 0 || fds.length > 0) throw new Error("the stream ended within a frame");
  } finally {
    for (const fd of fds) fd.close();
  }
}

const directory = await mkdtemp(join(tmpdir(), "sendmsg-example-"));
const files = [];
const [sender, receiver] = socketpair("stream");
try {
  for (const text of ["one", "two", "three"]) {
    const path = join(directory, text);
    await writeFile(path, text);
    files.push(await open(path));
  }
  const [one, two, three] = files;
  // More than a socket buffer holds: sending waits for the receiver.
  const sending = Promise.all([
    sendFrame(sender, "no descriptor"),
    sendFrame(sender, "one descriptor", [one]),
    sendFrame(sender, "x".repeat(500_000)),
    sendFrame(sender, "two descriptors", [two, three]),
  ]).then(() => sender.shutdown("write"));

  for await (const { body, fds } of frames(receiver)) {
    const contents = fds.map((fd) => {
      const content = readFileSync(`/proc/self/fd/${fd.fd}`, "utf8");
      fd.close();
      return content;
    });
    const text = body.length > 20 ? `${body.length} bytes` : body;
    console.log(`${text}${contents.length > 0 ? `: ${contents.join(", ")}` : ""}`);
  }
  await sending;
} finally {
  await Promise.all([sender.close(), receiver.close()]);
  for (const file of files) await file.close();
  await rm(directory, { recursive: true });
}
