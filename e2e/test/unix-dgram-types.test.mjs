// TypeScript finds the types of @sendmsg/unix-dgram, also under the name unix-dgram and beside a project's own declarations.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectWithSendmsg, projectWithUsersOfUnixDgram } from "./project.mjs";
import { compilerOptions, complaints } from "./type-check.mjs";

const PROGRAM = `
import unix, { createSocket, type RemoteInfo, type Socket } from "unix-dgram";
import * as all from "unix-dgram";
import type { Socket as UdpSocket } from "node:dgram";

export const server: Socket = createSocket("unix_dgram", (message, info) => {
  const text: string = message.toString("utf8");
  const path: string | null = info.path;
  void [text, path];
});
server.on("message", (message: Buffer, info: RemoteInfo) => void [message, info.fds[0]?.fd]);
server.on("error", (error) => {
  const [code, errno, syscall]: [string, number, string] = [error.code, error.errno, error.syscall];
  void [code, errno, syscall];
});
server.once("congestion", (data) => data.length).on("writable", () => {}).on("made up", () => {});
server.bind("/tmp/server.sock");

const client = unix.createSocket("unix_dgram");
client.connect("/tmp/server.sock");
client.send(Buffer.from("a"));
client.send(Buffer.from("a"), (error) => error?.code);
client.send(Buffer.from("a"), { fds: [0] }, () => {});
client.send(Buffer.from("a"), 0, 1, "/tmp/server.sock", (error) => error?.errno);
client.sendto(Buffer.from("a"), 0, 1, "/tmp/server.sock");
client.unref().ref().close();
export const udp: UdpSocket = all.createSocket("udp4");
// @ts-expect-error: a path is needed.
export const wrong = (): void => client.send(Buffer.from("a"), 0, 1);
// @ts-expect-error: there is no such type.
export const unheard = (): unknown => createSocket("unix_stream");
`;

/** What a project may have declared itself, because the original has no types. */
const OWN = `
declare module "unix-dgram" {
  import { EventEmitter } from "events";
  export class UnixDgramSocket extends EventEmitter {
    send(buf: Buffer, offset: number, length: number, path: string, callback?: (err?: Error) => void): void;
    bind(path: string): void;
    close(): void;
  }
  export function createSocket(type: "unix_dgram", listener?: (msg: Buffer) => void): UnixDgramSocket;
}
`;

const MODES = [
  ["NodeNext", "NodeNext", "main.ts", "module"],
  ["NodeNext", "NodeNext", "main.cts", "module"],
  ["NodeNext", "NodeNext", "main.mts", "commonjs"],
  ["Node16", "Node16", "main.ts", "module"],
  ["Node16", "Node16", "main.ts", "commonjs"],
  ["Node18", "Node16", "main.mts", "commonjs"],
  ["Node20", "Node16", "main.ts", "commonjs"],
  ["ESNext", "Bundler", "main.ts", "module"],
  ["ESNext", "Node10", "main.ts", "module"],
  ["CommonJS", "Node10", "main.ts", "commonjs"],
  ["Preserve", "Bundler", "main.ts", "commonjs"],
];

/** A project in which npm has put the package under the name unix-dgram, in a folder and not behind a link. */
function typed(type) {
  const user = projectWithSendmsg({ manifest: { type } });
  mkdirSync(join(user.folder, "node_modules/unix-dgram"));
  cpSync(
    join(projectWithUsersOfUnixDgram().folder, "node_modules/unix-dgram"),
    join(user.folder, "node_modules/unix-dgram"),
    {
      recursive: true,
    },
  );
  return user;
}

const options = (module, moduleResolution) => ({
  ...compilerOptions(module, moduleResolution),
  esModuleInterop: true,
});

/** The declarations that TypeScript must find: those of the CommonJS file where the program is CommonJS. */
function declarationsFor(module, moduleResolution, file, type) {
  const isCommonJs = module.startsWith("Node")
    ? file.endsWith(".cts") || (file.endsWith(".ts") && type === "commonjs")
    : moduleResolution === "Node10";
  return `node_modules/unix-dgram/dist/index.d.${isCommonJs ? "cts" : "mts"}`;
}

test.each(MODES)(
  "module %s, moduleResolution %s, %s in a package of type %s",
  async (module, moduleResolution, file, type) => {
    const user = typed(type);
    user.write(file, PROGRAM);
    const config = { compilerOptions: options(module, moduleResolution), files: [file] };
    const declarations = declarationsFor(module, moduleResolution, file, type);
    expect(complaints(user.folder, config, declarations)).toEqual([]);
  },
);

test.each(MODES.filter(([, , file]) => file === "main.ts"))(
  "a project's own declarations of unix-dgram count: module %s, moduleResolution %s, %s, %s",
  async (module, moduleResolution, file, type) => {
    const user = typed(type);
    user.write("unix-dgram.d.ts", OWN);
    user.write(
      file,
      `import { createSocket, UnixDgramSocket } from "unix-dgram";
       export const socket: UnixDgramSocket = createSocket("unix_dgram", (message) => message.length);
       socket.send(Buffer.from("a"), 0, 1, "/tmp/x", (error) => error?.message);
      `,
    );
    const config = { compilerOptions: options(module, moduleResolution), files: [file, "unix-dgram.d.ts"] };
    expect(complaints(user.folder, config, "unix-dgram.d.ts")).toEqual([]);
  },
);
