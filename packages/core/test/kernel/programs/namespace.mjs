// Runs in a network namespace, and serves the process at the other end of descriptor 3.
// It answers "socket FAMILY TYPE PROTOCOL" with the socket, "run COMMAND" with the output, and a failure with "error …".
// It uses only the native layer, which needs no TypeScript compiler.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

const { prebuilt, local } = createRequire(import.meta.url)("../../../binary.cjs");
const native = (prebuilt(`linux-${process.arch}`)?.value ?? local().value).open();

const CHANNEL = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** Control data that passes one descriptor: struct cmsghdr, an int, and the padding behind it. */
function rights(fd) {
  const word = process.arch === "ia32" ? 4 : 8;
  const length = word + 8 + 4;
  const bytes = Buffer.alloc(Math.ceil(length / word) * word);
  bytes.writeUInt32LE(length, 0);
  bytes.writeInt32LE(SOL_SOCKET, word);
  bytes.writeInt32LE(SCM_RIGHTS, word + 4);
  bytes.writeInt32LE(fd, word + 8);
  return bytes;
}

// native.call says where each part of a message is: here, in the arguments.
const IN_ARGUMENT = -1;

function answer(text, control = null) {
  native.call.fill(IN_ARGUMENT);
  native.sendmsg(CHANNEL, Buffer.from(text), 0, control, null);
}

answer("ok");
const request = Buffer.alloc(4096);
for (;;) {
  const bytes = native.recvmsg(CHANNEL, request, 0);
  if (bytes <= 0) break;
  const [what, ...args] = request.toString("utf8", 0, bytes).split(" ");
  if (what === "run") {
    try {
      answer(`ok ${execFileSync(args[0], args.slice(1), { encoding: "utf8", stdio: "pipe" })}`);
    } catch (error) {
      answer(`error ${error.stderr || error.message}`);
    }
  } else {
    const [family, type, protocol] = args.map(Number);
    const fd = native.socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      answer(`error ${fd}`);
    } else {
      answer("ok", rights(fd));
      native.close(fd);
    }
  }
}
