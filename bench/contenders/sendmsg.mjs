import { openSync } from "node:fs";
import { socketpair } from "sendmsg";
import * as syscalls from "sendmsg/syscalls";

const now = () => process.hrtime.bigint();
const payload = Buffer.alloc(64);

async function roundtrip(count) {
  const [left, right] = socketpair();
  const echo = (async () => {
    for (;;) {
      const message = await right.recvmsg();
      if (message.eof) return;
      await right.sendmsg({ data: message.data });
    }
  })();
  const start = now();
  for (let i = 0; i < count; i++) {
    await left.sendmsg({ data: payload });
    await left.recvmsg();
  }
  const elapsed = now() - start;
  await left.close();
  await echo;
  await right.close();
  return elapsed;
}

async function pass(count) {
  const [left, right] = socketpair();
  const file = openSync("/dev/null", "r");
  const start = now();
  for (let i = 0; i < count; i++) {
    await left.sendmsg({ data: "x", fds: [file] });
    const message = await right.recvmsg({ maxFds: 1 });
    message.takeFds()[0].close();
  }
  const elapsed = now() - start;
  await Promise.all([left.close(), right.close()]);
  return elapsed;
}

async function passSyscalls(count) {
  const { encodeControl, decodeControl } = await import("sendmsg/control");
  const [left, right] = syscalls.socketpair(syscalls.AF_UNIX, syscalls.SOCK_STREAM);
  const file = openSync("/dev/null", "r");
  const byte = Buffer.from("x");
  const buffer = Buffer.alloc(1);
  const space = new Uint8Array(64);
  const start = now();
  for (let i = 0; i < count; i++) {
    syscalls.sendmsg(left, byte, { control: encodeControl([{ name: "rights", value: [file] }]) });
    const { controlLength } = syscalls.recvmsg(right, buffer, { control: space });
    const [rights] = decodeControl(space.subarray(0, controlLength));
    syscalls.close(rights.value[0]);
  }
  return now() - start;
}

async function decode(count) {
  const { decodeControl, encodeControl } = await import("sendmsg/control");
  const bytes = encodeControl([
    { name: "credentials", value: { pid: 4711, uid: 1000, gid: 1000 } },
    { name: "rights", value: [7] },
  ]);
  let sum = 0;
  const start = now();
  for (let i = 0; i < count; i++) {
    const [credentials, rights] = decodeControl(bytes);
    sum += credentials.value.pid + rights.value[0];
  }
  const elapsed = now() - start;
  if (sum !== count * (4711 + 7)) throw new Error("wrong");
  return elapsed;
}

async function encode(count) {
  const { encodeControl } = await import("sendmsg/control");
  let sum = 0;
  const start = now();
  for (let i = 0; i < count; i++) sum += encodeControl([{ name: "rights", value: [7] }])[16];
  const elapsed = now() - start;
  if (sum !== count * 7) throw new Error("wrong");
  return elapsed;
}

const [task, count] = {
  decode: [decode, 500_000],
  encode: [encode, 500_000],
  roundtrip: [roundtrip, 30_000],
  pass: [pass, 30_000],
  "pass-syscalls": [passSyscalls, 30_000],
}[process.argv[2]];
await task(Math.ceil(count / 10)); // warm
console.log(Number(await task(count)) / count);
process.exit();
