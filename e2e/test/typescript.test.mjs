// A TypeScript project finds the types with each of the ways to resolve modules.
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectWithSendmsg } from "./project.mjs";
import { nodes } from "./toolbox.mjs";
import { compilerOptions, complaints, ts } from "./type-check.mjs";

const PROGRAM = `
import { FileDescriptor, Listener, NativeLoadError, Socket, socketpair, type Message } from "sendmsg";
import { decodeAddress } from "sendmsg/address";
import { type ControlMessage, decodeControl, encodeControl } from "sendmsg/control";
import { encodeOption } from "sendmsg/options";
import { SOL_SOCKET } from "sendmsg/constants";
import { recvmsg } from "sendmsg/syscalls";
import * as testing from "sendmsg/testing";
import { UdpSocket } from "sendmsg/udp";

export async function receive(socket: Socket): Promise<FileDescriptor | undefined> {
  const message: Message = await socket.recvmsg({ maxFds: 1 });
  const [file] = message.takeFds();
  return file;
}

export function credentials(bytes: Uint8Array): number | undefined {
  for (const message of decodeControl(bytes)) if (message.name === "credentials") return message.value.pid;
  return undefined;
}

export const bytes: Uint8Array = encodeControl([{ name: "rights", value: [1] }]);
// @ts-expect-error: a pid is a number.
export const wrong = (): ControlMessage => ({ name: "credentials", value: { pid: "1", uid: 0, gid: 0 } });
// @ts-expect-error: there is no such control message.
export const unheard: ControlMessage["name"] = "unheard";
export const size: number = socketpair()[0].options.get("rcvBuf");
void [testing, UdpSocket, Listener, NativeLoadError, decodeAddress, encodeOption, recvmsg, SOL_SOCKET];
`;

/** What docs/install.md shows for CommonJS. */
const DYNAMIC = `
import type { Message, Socket } from "sendmsg" with { "resolution-mode": "import" };

async function receive(socket: Socket): Promise<Message> {
  return socket.recvmsg();
}

async function main(): Promise<void> {
  const { socketpair } = await import("sendmsg");
  const [a, b] = socketpair("stream", { maxFds: 1 });
  await a.sendmsg({ data: "x", fds: [0] });
  const message = await receive(b);
  console.log(message.fds.length);
  message[Symbol.dispose]();
  await Promise.all([a.close(), b.close()]);
}

main();
`;

test.each([
  ["NodeNext", "NodeNext", "module"],
  ["Node16", "Node16", "module"],
  ["NodeNext", "NodeNext", "commonjs"],
  ["ESNext", "Bundler", "module"],
  ["ESNext", "Node10", "module"],
  ["CommonJS", "Node10", "commonjs"],
  ["Node20", "Node16", "commonjs"],
  ["Preserve", "Bundler", "commonjs"],
])("module %s, moduleResolution %s, in a package of type %s", async (module, moduleResolution, type) => {
  const user = projectWithSendmsg({ manifest: { type } });
  user.write("main.ts", PROGRAM);
  expect(
    complaints(user.folder, {
      compilerOptions: compilerOptions(module, moduleResolution),
      files: ["main.ts"],
    }),
  ).toEqual([]);
});

// In these two modes TypeScript assumes a Node that can't require() ES modules. docs/install.md says what to do.
test.each(["Node16", "Node18"])(
  "module %s, in a package of type commonjs: import() works",
  async (module) => {
    const user = projectWithSendmsg({ manifest: { type: "commonjs" }, node: nodes[18] });
    const options = compilerOptions(module, "Node16");
    user.write("main.ts", 'import { Socket } from "sendmsg";\nexport const connect = Socket.connect;\n');
    const [[file, text], ...others] = complaints(user.folder, {
      compilerOptions: options,
      files: ["main.ts"],
    });
    expect([file, others]).toEqual([`${user.folder}/main.ts`, []]);
    expect(text).toContain("Consider writing a dynamic 'import(\"sendmsg\")' call instead");

    user.write("main.ts", DYNAMIC);
    expect(complaints(user.folder, { compilerOptions: options, files: ["main.ts"] })).toEqual([]);
    const { outputText } = ts.transpileModule(DYNAMIC, {
      compilerOptions: { ...options, noEmit: false, module: ts.ModuleKind[module] },
      fileName: join(user.folder, "main.cts"),
    });
    user.write("main.cjs", outputText);
    // Node 18 has no require() of ES modules.
    expect(await user.run("node", "main.cjs")).toBe("1\n");
  },
);
