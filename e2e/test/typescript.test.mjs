// A TypeScript project finds the types, whichever way it resolves modules.
import { join } from "node:path";
import { expect, test } from "vitest";
import { project } from "./project.mjs";
import { modules, npm } from "./toolbox.mjs";

const PROGRAM = `
import { FileDescriptor, Listener, NativeLoadError, Socket, socketpair, type Message } from "sendmsg";
import { decodeAddress } from "sendmsg/address";
import { type ControlMessage, decodeControl, encodeControl } from "sendmsg/control";
import { encodeOption } from "sendmsg/options";
import { recvmsg, SOL_SOCKET } from "sendmsg/syscalls";
import * as testing from "sendmsg/testing";

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
void [testing, Listener, NativeLoadError, decodeAddress, encodeOption, recvmsg, SOL_SOCKET];
`;

test.each([
  ["NodeNext", "NodeNext", "module"],
  ["Node16", "Node16", "module"],
  ["NodeNext", "NodeNext", "commonjs"],
  ["ESNext", "Bundler", "module"],
  ["ESNext", "Node10", "module"],
  ["CommonJS", "Node10", "commonjs"],
])("module %s, moduleResolution %s, in a package of type %s", async (module, moduleResolution, type) => {
  const user = project({ manifest: { type } });
  user.command("npm", npm);
  user.command("tsc", join(modules, "typescript/bin/tsc"));
  await user.run("npm", "install", "sendmsg");
  user.write("main.ts", PROGRAM);
  user.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: "ES2022",
        lib: ["ES2022", "ESNext.Disposable"],
        strict: true,
        noEmit: true,
        types: ["node"],
        typeRoots: [join(modules, "@types")],
      },
      files: ["main.ts"],
    }),
  );
  expect(await user.run("tsc", "-p", "tsconfig.json")).toBe("");
});
