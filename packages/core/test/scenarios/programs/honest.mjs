// An honest peer of victim.mjs: sends messages at a steady pace. Each has descriptors of a file with the message's number.
//
//   node honest.mjs PLAN     (JSON: name, directory, messages, fds of each; in milliseconds interval, patience)
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Socket } from "sendmsg";
import { closeSync, openSync, writeSync } from "../../support/files.mjs";
import { beginning, end } from "./cues.mjs";

const { name, directory, messages, fds, interval, patience } = JSON.parse(process.argv[2]);

function fileWith(text) {
  const path = join(directory, `honest-${process.pid}`);
  const fd = openSync(path, "w+");
  rmSync(path);
  writeSync(fd, text);
  return fd;
}

const socket = await Socket.connect({ family: "unix", abstract: `${name}-honest` }, { type: "seqpacket" });
await beginning();
const signal = AbortSignal.timeout(messages * interval + patience);
const from = performance.now();
let sent = 0;
let failure;
let slowest = 0;
try {
  while (sent < messages) {
    const text = String(sent);
    const file = fds > 0 ? fileWith(text) : -1;
    const before = performance.now();
    await socket.sendmsg({ data: text, fds: new Array(fds).fill(file) }, { signal });
    slowest = Math.max(slowest, performance.now() - before);
    if (file >= 0) closeSync(file);
    sent++;
    // A send that took longer than the interval is made up for.
    await pause(Math.max(0, from + sent * interval - performance.now()));
  }
} catch (error) {
  failure = error.code ?? error.message;
}
await socket.close();
console.log(JSON.stringify({ sent, slowest, failure }));
await end;
process.exit();
