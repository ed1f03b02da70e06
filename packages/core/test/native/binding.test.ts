import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { beforeAll, expect, test } from "vitest";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { binding } from "../../src/native/load.js";
import { recvmsg, sendmsg, socketpair } from "../../src/syscalls/index.js";
import { compiled } from "../support/compiled.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";

keepDescriptors();

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

test("the library loads the binary once", () => {
  expect(binding()).toBe(binding());
});

test("each worker thread has a binding of its own, and all share the descriptors", async () => {
  const [a, b] = own(socketpair(AF_UNIX, SOCK_STREAM));
  const code = `
    const { workerData } = require("node:worker_threads");
    import(workerData.module).then(({ recvmsg, sendmsg }) => {
      const buffer = Buffer.alloc(16);
      const { bytes } = recvmsg(workerData.fd, buffer, { timeout: 30000 });
      sendmsg(workerData.fd, ["worker got ", buffer.subarray(0, bytes)]);
    });
  `;
  const worker = new Worker(code, {
    eval: true,
    workerData: { module: `${dist}/syscalls/index.js`, fd: b },
  });
  const exited = once(worker, "exit");
  sendmsg(a, "this");
  expect(await exited).toEqual([0]);
  const buffer = Buffer.alloc(32);
  const { bytes } = recvmsg(a, buffer);
  expect(buffer.toString("latin1", 0, bytes)).toBe("worker got this");
});
