// Writes to systemd's journal, entries of any length: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
// node journal.mjs [SOCKET], by default journald's.
import { randomUUID } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { Socket } from "sendmsg";

const path = process.argv[2] ?? "/run/systemd/journal/socket";

/** A field: NAME=value, or, if the value has several lines, the name, its length and the value. */
function field(name, value) {
  const bytes = Buffer.from(String(value));
  if (!bytes.includes("\n")) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from("\n")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n")]);
}

/** A file without a name, in memory. Node has no memfd_create(2). journald also takes such a file. */
async function memoryFile(bytes) {
  const name = `/dev/shm/journal-${randomUUID()}`;
  const file = await open(name, "wx+", 0o600);
  await unlink(name);
  await file.writeFile(bytes);
  return file;
}

async function log(socket, fields) {
  const data = Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, value)));
  try {
    await socket.sendmsg({ data });
  } catch (error) {
    if (error.code !== "EMSGSIZE") throw error; // longer than the send buffer: net.core.wmem_default
    const file = await memoryFile(data);
    try {
      await socket.sendmsg({ fds: [file] }); // no bytes, and the entry as a file
    } finally {
      await file.close();
    }
  }
}

const socket = await Socket.connect({ path }, { type: "dgram" });
try {
  await log(socket, { MESSAGE: "hello", PRIORITY: 6 });
  await log(socket, { MESSAGE: `a long entry\n${"x".repeat(1_000_000)}`, PRIORITY: 6 });
} finally {
  await socket.close();
}
