// Passes many descriptors over descriptor 3, a socket, in messages of 1 to 253 descriptors.
//
//   node pass-many.mjs COUNT POOL
//
// There are POOL files with different content. A message's bytes name the files of its descriptors: a 16-bit count, then a
// 16-bit number for each.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Socket, socketpair } from "sendmsg";
import { closeSync, openSync } from "../../support/files.mjs";
import { descriptorTable, leftOver } from "./open-files.mjs";

const SCM_MAX_FD = 253;
/** The number of sends that wait at the same time, which duplicate their descriptors. */
const QUEUED = 4;

const [count, pool] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sendmsg-pass-"));
const files = Array.from({ length: Number(pool) }, (_, i) => {
  const path = join(folder, String(i));
  writeFileSync(path, `This is file ${i}.`);
  return openSync(path, "r");
});
rmSync(folder, { recursive: true });

const socket = Socket.from(3);
// The first wait opens the event loop's own descriptors, which stay open.
await Promise.all(socketpair().map((one) => one.close()));
const before = descriptorTable();

const sending = new Set();
let left = Number(count);
let next = 0;
let waited = 0;
for (let length = 1; left > 0; length = ((length * 7 + 3) % SCM_MAX_FD) + 1) {
  const size = Math.min(length, left);
  left -= size;
  const data = Buffer.alloc(2 + 2 * size);
  data.writeUInt16LE(size, 0);
  const fds = [];
  for (let i = 0; i < size; i++) {
    const file = next++ % files.length;
    data.writeUInt16LE(file, 2 + 2 * i);
    fds.push(files[file]);
  }
  const sent = socket.sendmsg({ data, fds }).then(({ bytes }) => {
    if (bytes !== data.length) throw new Error(`${bytes} bytes of ${data.length}`);
    sending.delete(sent);
  });
  sending.add(sent);
  if (sending.size >= QUEUED) {
    waited++;
    await Promise.race(sending);
  }
}
await Promise.all(sending);
const remaining = await leftOver(before);
await socket.close();
for (const fd of files) closeSync(fd);
console.log(JSON.stringify({ leftOver: remaining, waited }));
