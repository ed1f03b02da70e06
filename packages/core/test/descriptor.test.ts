import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { FileDescriptor } from "../src/index.js";
import { binding } from "../src/native/load.js";
import { openAnyFile } from "./support/any-file.js";
import { compiled } from "./support/compiled.js";
import { counted, settled } from "./support/counted.js";
import { isCloseOnExec, isOpen, sameFile } from "./support/descriptor-state.js";
import { closeSync, fstatSync } from "./support/files.mjs";
import { thrown } from "./support/outcome.js";
import { withPair } from "./support/pairs.js";
import { until } from "./support/waiting.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

describe("adopt", () => {
  it("makes the object the descriptor's owner, which closes it once", () =>
    counted(async () => {
      const number = openAnyFile();
      const descriptor = FileDescriptor.adopt(number);
      expect(descriptor.fd).toBe(number);
      descriptor.close();
      descriptor.close();
      expect(descriptor.fd).toBe(-1);
      await settled();
      expect(isOpen(number)).toBe(false);
    }));

  it("throws EBADF for a number that is not open", () => {
    const number = openAnyFile();
    closeSync(number);
    expect(thrown(() => FileDescriptor.adopt(number))).toMatchObject({ code: "EBADF", syscall: "fcntl" });
  });

  it("throws ERR_SENDMSG_FD_OWNED for a descriptor that has an owner, and the owner keeps it", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(openAnyFile());
      expect(thrown(() => FileDescriptor.adopt(descriptor.fd)).code).toBe("ERR_SENDMSG_FD_OWNED");
      expect(fstatSync(descriptor.fd).isFile()).toBe(true);
    }));

  it.each([
    ["ERR_INVALID_ARG_TYPE", "1"],
    ["ERR_INVALID_ARG_TYPE", undefined],
    ["ERR_INVALID_ARG_TYPE", null],
    ["ERR_OUT_OF_RANGE", -1],
    ["ERR_OUT_OF_RANGE", 1.5],
    ["ERR_OUT_OF_RANGE", Number.NaN],
    ["ERR_OUT_OF_RANGE", 2 ** 31],
  ])("throws %s for %o", (code, value) => {
    expect(thrown(() => FileDescriptor.adopt(value as number))).toMatchObject({ code, argument: "fd" });
  });
});

describe("dup", () => {
  it("makes another, close-on-exec descriptor of the same file, with its own owner", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(openAnyFile());
      using copy = descriptor.dup();
      expect(copy.fd).not.toBe(descriptor.fd);
      expect(sameFile(copy.fd, descriptor.fd) && isCloseOnExec(copy.fd)).toBe(true);
      descriptor.close();
      expect(fstatSync(copy.fd).isFile()).toBe(true);
    }));
});

describe("detach", () => {
  it("leaves the descriptor open, and the caller owns it", () =>
    counted(async () => {
      const descriptor = FileDescriptor.adopt(openAnyFile());
      const number = descriptor.detach();
      descriptor.close();
      await settled();
      expect([descriptor.fd, isOpen(number)]).toEqual([-1, true]);
      closeSync(number);
    }));
});

describe("handOver", () => {
  it("returns what the function returns, and gives the descriptor away", () =>
    counted(() => {
      const descriptor = FileDescriptor.adopt(openAnyFile());
      const number = descriptor.handOver((fd) => fd);
      expect(descriptor.fd).toBe(-1);
      closeSync(number);
    }));

  it("keeps the descriptor if the function throws", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(openAnyFile());
      const error = thrown(() =>
        descriptor.handOver(() => {
          throw new Error("no");
        }),
      );
      expect(error.message).toBe("no");
      expect(isOpen(descriptor.fd)).toBe(true);
    }));

  it("refuses an argument that is no function", () =>
    counted(() => {
      using descriptor = FileDescriptor.adopt(openAnyFile());
      expect(thrown(() => descriptor.handOver(1 as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "use",
      });
    }));
});

describe("a FileDescriptor that was closed", () => {
  const gone = () => {
    const descriptor = FileDescriptor.adopt(openAnyFile());
    descriptor.close();
    return descriptor;
  };

  it.each([
    ["dup", (descriptor: FileDescriptor) => descriptor.dup()],
    ["detach", (descriptor: FileDescriptor) => descriptor.detach()],
    ["handOver", (descriptor: FileDescriptor) => descriptor.handOver(() => {})],
    ["transfer", (descriptor: FileDescriptor) => descriptor.transfer()],
  ])("%s throws ERR_SENDMSG_CLOSED", (_, use) => {
    expect(thrown(() => use(gone())).code).toBe("ERR_SENDMSG_CLOSED");
  });
});

describe("two installed copies of the library", () => {
  it("accept each other's FileDescriptors", () =>
    counted(async () => {
      const other = (await import(/* @vite-ignore */ pathToFileURL(join(dist, "index.js")).href)) as {
        FileDescriptor: typeof FileDescriptor;
      };
      expect(other.FileDescriptor).not.toBe(FileDescriptor);
      using theirs = other.FileDescriptor.adopt(openAnyFile());
      expect(theirs).not.toBeInstanceOf(FileDescriptor);
      expect(FileDescriptor.isFileDescriptor(theirs)).toBe(true);
      await withPair("seqpacket", async (a, b) => {
        await a.sendmsg({ fds: [theirs] });
        using message = await b.recvmsg({ maxFds: 1 });
        expect(other.FileDescriptor.isFileDescriptor(message.fds[0])).toBe(true);
        expect(sameFile(message.fds[0]!.fd, theirs.fd)).toBe(true);
      });
    }));

  it.each([undefined, null, 3, "3", {}, { fd: 3 }])("isFileDescriptor(%o) is false", (value) => {
    expect(FileDescriptor.isFileDescriptor(value)).toBe(false);
  });
});

describe("inspection", () => {
  it("shows the number", () => {
    const descriptor = FileDescriptor.adopt(openAnyFile());
    expect(inspect(descriptor)).toBe(`FileDescriptor { fd: ${descriptor.fd} }`);
    descriptor.close();
    expect(inspect(descriptor)).toBe("FileDescriptor { closed: true }");
  });
});

describe("close", () => {
  it("takes the number from the object at once, and a thread closes it", async () => {
    const descriptor = FileDescriptor.adopt(openAnyFile());
    descriptor.close();
    expect(descriptor.fd).toBe(-1);
    await until(() => binding().closing() === 0);
  });
});
