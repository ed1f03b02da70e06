// A TypeScript project finds the types with each of the ways to resolve modules.
import { expect, test } from "vitest";
import { projectWithSendmsg } from "./project.mjs";
import { inToolbox, load } from "./toolbox.mjs";

const { default: ts } = await load("typescript");

const PROGRAM = `
import { FileDescriptor, Listener, NativeLoadError, Socket, socketpair, type Message } from "sendmsg";
import { decodeAddress } from "sendmsg/address";
import { type ControlMessage, decodeControl, encodeControl } from "sendmsg/control";
import { encodeOption } from "sendmsg/options";
import { SOL_SOCKET } from "sendmsg/constants";
import { recvmsg } from "sendmsg/syscalls";
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

/**
 * TypeScript's errors in a project and in its packages (no skipLibCheck). TypeScript's own library and Node's types are not
 * checked: that would take most of the time.
 */
function complaints(folder, config) {
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const program = ts.createProgram({ rootNames: fileNames, options });
  const inProject = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  expect(inProject.map(({ fileName }) => fileName)).toContain(
    `${folder}/node_modules/sendmsg/dist/index.d.ts`,
  );
  const diagnostics = [
    ...errors,
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...inProject.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  return diagnostics.map(({ file, messageText }) => [
    file?.fileName,
    ts.flattenDiagnosticMessageText(messageText, "\n"),
  ]);
}

test.each([
  ["NodeNext", "NodeNext", "module"],
  ["Node16", "Node16", "module"],
  ["NodeNext", "NodeNext", "commonjs"],
  ["ESNext", "Bundler", "module"],
  ["ESNext", "Node10", "module"],
  ["CommonJS", "Node10", "commonjs"],
])("module %s, moduleResolution %s, in a package of type %s", async (module, moduleResolution, type) => {
  const user = projectWithSendmsg({ manifest: { type } });
  user.write("main.ts", PROGRAM);
  const compilerOptions = {
    module,
    moduleResolution,
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable"],
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [inToolbox("@types")],
  };
  expect(complaints(user.folder, { compilerOptions, files: ["main.ts"] })).toEqual([]);
});
