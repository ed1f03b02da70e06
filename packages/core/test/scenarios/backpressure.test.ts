import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { type FileDescriptor, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { fstatSync, readSync } from "../support/files.mjs";
import { cramp, TYPES } from "../support/pairs.js";
import { scaled } from "../support/scale.js";
import { LIMIT, reportOf, start } from "./program.js";

const COUNT = scaled(100_000);
const POOL = 199;

const buffer = Buffer.alloc(64);
/** The inode of each file, noted when the file first arrives. */
const inodes = new Map<number, number>();

function expectFile(descriptor: FileDescriptor, file: number): void {
  const length = readSync(descriptor.fd, buffer, 0, buffer.length, 0);
  const content = buffer.toString("latin1", 0, length);
  if (content !== `This is file ${file}.`) expect(content).toBe(`This is file ${file}.`);
  const { ino } = fstatSync(descriptor.fd);
  if (!inodes.has(file)) inodes.set(file, ino);
  if (inodes.get(file) !== ino) expect(ino).toBe(inodes.get(file));
}

test.each(TYPES)(
  `${COUNT.toLocaleString("en")} descriptors over one %s socket, the reader sleeping: each is the right file, none is left`,
  async (type) => {
    inodes.clear();
    await counted(async () => {
      const [receiver, theirs] = socketpair(type, { maxFds: 253 });
      cramp(receiver, theirs);
      const { outcome } = start("pass-many.mjs", {
        args: [String(COUNT), String(POOL)],
        inherited: theirs.fd,
      });
      await theirs.close();

      // On a stream, a receive can join the bytes of several messages. The descriptors come in order.
      let bytes = Buffer.alloc(0);
      let waiting: FileDescriptor[] = [];
      let arrived = 0;
      let slept = 0;
      while (arrived < COUNT) {
        const message = await receiver.recvmsg();
        expect(message.controlTruncated || message.eof, `after ${arrived}`).toBe(false);
        bytes = Buffer.concat([bytes, message.data]);
        waiting = waiting.concat(message.takeFds());
        while (bytes.length >= 2) {
          const count = bytes.readUInt16LE(0);
          if (bytes.length < 2 + 2 * count) break;
          expect(waiting.length).toBeGreaterThanOrEqual(count);
          for (let i = 0; i < count; i++) {
            expectFile(waiting[i]!, bytes.readUInt16LE(2 + 2 * i));
            waiting[i]!.close();
          }
          waiting = waiting.slice(count);
          bytes = bytes.subarray(2 + 2 * count);
          arrived += count;
        }
        if (arrived / 2000 > slept) {
          slept++;
          await pause(2);
        }
      }
      expect([arrived, waiting.length, bytes.length]).toEqual([COUNT, 0, 0]);
      expect(inodes.size).toBe(POOL);
      expect(new Set(inodes.values()).size).toBe(POOL);
      const { leftOver, waited } = reportOf<{ leftOver: string[]; waited: number }>(await outcome);
      expect(leftOver).toEqual([]);
      expect(waited, "sends that had to wait").toBeGreaterThan(0);
      if (type !== "dgram") expect((await receiver.recvmsg()).eof).toBe(true);
      await receiver.close();
    });
  },
  LIMIT,
);
