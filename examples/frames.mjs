// Messages with descriptors on a stream, where the kernel keeps no boundaries: each frame says how many bytes and how many
// descriptors belong to it. See docs/framing.md.
//
//   node examples/frames.mjs
import { readFileSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { frames, socketpair } from "sendmsg";

/** Two uint32 are before each body: its length, and the number of descriptors. */
const FORMAT = {
  headerSize: 8,
  length: (header) => header.readUInt32LE(0),
  fds: (header) => header.readUInt32LE(4),
  maxLength: 1 << 20,
  maxFds: 16,
};

async function sendFrame(socket, body, fds = []) {
  const header = Buffer.alloc(FORMAT.headerSize);
  header.writeUInt32LE(Buffer.byteLength(body), 0);
  header.writeUInt32LE(fds.length, 4);
  await socket.sendmsg({ data: [header, body], fds }); // one send: header and descriptors begin together
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

  for await (const { body, fds } of frames(receiver, FORMAT)) {
    const text = body.length > 20 ? `${body.length} bytes` : body;
    // The loop closes the descriptors.
    const contents = fds.map(({ fd }) => readFileSync(`/proc/self/fd/${fd}`, "utf8"));
    console.log(`${text}${contents.length > 0 ? `: ${contents.join(", ")}` : ""}`);
  }
  await sending;
} finally {
  await Promise.all([sender.close(), receiver.close()]);
  for (const file of files) await file.close();
  await rm(directory, { recursive: true });
}
