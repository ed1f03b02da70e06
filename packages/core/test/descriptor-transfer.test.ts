import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it } from "vitest";
import { type DescriptorTicket, FileDescriptor } from "../src/index.js";
import { openAnyFile } from "./support/any-file.js";
import { compiled } from "./support/compiled.js";
import { counted } from "./support/counted.js";
import { isOpen } from "./support/descriptor-state.js";
import { FILES } from "./support/evaluate.js";
import { readSync } from "./support/files.mjs";
import { thrown } from "./support/outcome.js";
import { openFile } from "./support/owned-descriptors.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

describe("transfer", () => {
  it("moves the descriptor, and keeps its number", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(openAnyFile());
      const number = descriptor.fd;
      const ticket = structuredClone(descriptor.transfer());
      expect([descriptor.fd, isOpen(number)]).toEqual([-1, true]);
      using claimed = FileDescriptor.claim(ticket);
      expect(claimed.fd).toBe(number);
    }));

  it("a second claim() of a ticket throws ENOENT", () =>
    counted(() => {
      const ticket = FileDescriptor.adopt(openAnyFile()).transfer();
      FileDescriptor.claim(ticket).close();
      expect(thrown(() => FileDescriptor.claim(ticket))).toMatchObject({ code: "ENOENT", syscall: "claim" });
    }));

  it("claim() refuses an altered ticket, and accepts the real one afterwards", () =>
    counted(() => {
      const ticket = FileDescriptor.adopt(openAnyFile()).transfer();
      for (const added of [0.9, Number.NaN, 2 ** 53]) {
        expect(
          thrown(() => FileDescriptor.claim({ ...ticket, ticket: ticket.ticket + added })),
        ).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", argument: "ticket" });
      }
      FileDescriptor.claim(ticket).close();
    }));

  it.each([undefined, null, 5, {}, { type: "sendmsg.DescriptorTicket" }, { ticket: 1 }])(
    "claim() refuses %o",
    (value) => {
      expect(thrown(() => FileDescriptor.claim(value as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "ticket",
      });
    },
  );

  it("a worker reads the file that this thread opened, and returns a descriptor of its own", () =>
    counted(async () => {
      const worker = new Worker(
        `const { parentPort, workerData } = require("node:worker_threads");
        const { readFileSync } = require("node:fs");
        Promise.all([import(workerData.module), import(${FILES})]).then(([{ FileDescriptor }, { closeSync, openSync }]) => {
          const claimed = FileDescriptor.claim(workerData.ticket);
          let again;
          try { FileDescriptor.claim(workerData.ticket); } catch (error) { again = error.code; }
          const content = readFileSync("/proc/self/fd/" + claimed.fd, "latin1");
          claimed.close();
          // When a worker ends, Node closes descriptors that node:fs has opened there. It does not close the duplicate.
          const opened = FileDescriptor.adopt(openSync("/proc/self/stat", "r"));
          const back = opened.dup().transfer();
          closeSync(opened.detach());
          parentPort.postMessage({ content, again, back });
        });`,
        {
          eval: true,
          workerData: {
            module: pathToFileURL(join(dist, "index.js")).href,
            ticket: FileDescriptor.adopt(openFile("from the main thread")).transfer(),
          },
        },
      );
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      const answer = await new Promise<{ content: string; again: string; back: DescriptorTicket }>(
        (resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
        },
      );
      await ended;
      expect([answer.content, answer.again]).toEqual(["from the main thread", "ENOENT"]);
      using back = FileDescriptor.claim(answer.back);
      const buffer = Buffer.alloc(16);
      expect(readSync(back.fd, buffer)).toBeGreaterThan(0);
    }));

  it("closes the descriptors that a worker holds when it ends", () =>
    counted(async () => {
      const worker = new Worker(
        `const { workerData } = require("node:worker_threads");
        import(workerData.module).then(({ FileDescriptor, socketpair }) => {
          globalThis.kept = [FileDescriptor.claim(workerData.ticket), ...socketpair()];
          globalThis.kept[1].recvmsg();
          require("node:worker_threads").parentPort.postMessage("ready");
        });`,
        {
          eval: true,
          workerData: {
            module: pathToFileURL(join(dist, "index.js")).href,
            ticket: FileDescriptor.adopt(openAnyFile()).transfer(),
          },
        },
      );
      await new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
      await worker.terminate();
    }));
});
