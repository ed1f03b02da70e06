import { socketpair } from "sendmsg";

const payload = Buffer.alloc(64);

function roundtrip(count) {
  const [left, right] = socketpair().map((socket) => socket.toNet());
  right.on("data", (data) => right.write(data));
  return new Promise((resolve) => {
    let done = 0;
    const start = process.hrtime.bigint();
    left.on("data", () => {
      if (++done < count) {
        left.write(payload);
        return;
      }
      resolve(process.hrtime.bigint() - start);
      left.destroy();
      right.destroy();
    });
    left.write(payload);
  });
}

const count = 30_000;
await roundtrip(count / 10); // warm
console.log(Number(await roundtrip(count)) / count);
