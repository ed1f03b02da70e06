import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Listener, Socket } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { close } from "../../src/syscalls/index.js";
import { replace, whereTold } from "../support/bound-file.js";
import { compiled } from "../support/compiled.js";
import { counted } from "../support/counted.js";
import { evaluate } from "../support/evaluate.js";
import { freshPath } from "../support/fresh-places.js";
import { thrown } from "../support/outcome.js";
import { skipUnless, withHandleOf } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";
import { until } from "../support/waiting.js";
import { addressOf, PLACES } from "./node-ends.js";

describe("Listener.from(net.Server)", () => {
  describe.each(["unix", "tcp"] as const)("%s", (place) => {
    withHandleOf(place)("takes over the listening socket, and refuses no client meanwhile", () =>
      counted(async () => {
        const server = createServer();
        server.listen(PLACES[place]());
        await once(server, "listening");
        const at = addressOf(server);
        // No turn of the event loop may come before the takeover: Node's server would accept the connection.
        const connecting = Socket.connect(at);
        const listener = Listener.from(server, { maxFds: 1 });
        expect(server.listening).toBe(false);
        const [early] = await Promise.all([connecting, once(server, "close")]);
        const late = await Socket.connect(at);
        for (const client of [early, late]) {
          const peer = await listener.accept();
          await client.sendmsg({ data: "x" });
          expect(String((await peer.recvmsg()).data)).toBe("x");
          await Promise.all([peer.close(), client.close()]);
        }
        await listener.close();
        if (place === "unix") expect(existsSync(at.path!)).toBe(false);
      }),
    );
  });

  /** Runs `body` with a net.Server at a path. `takePath` binds another socket to the path, as a server of another process would. */
  async function withPath(body: (server: Server, path: string, takePath: () => void) => Promise<void>) {
    const path = freshPath();
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    let other = -1;
    await body(server, path, () => {
      other = replace(path);
    });
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith("."))).toEqual([]);
    rmSync(path);
    if (other >= 0) close(other);
  }

  whereTold("leaves the file of another server that has taken the path before", () =>
    counted(() =>
      withPath(async (server, path, takePath) => {
        takePath();
        const { ino } = lstatSync(path);
        const listener = Listener.from(server);
        expect(lstatSync(path).ino).toBe(ino);
        await listener.close();
      }),
    ),
  );

  whereTold("gives up the path if another server takes it while Node's server closes", () =>
    counted(() =>
      withPath(async (server, path, takePath) => {
        const client = await Socket.connect({ path });
        const end = server.close.bind(server);
        server.close = () => {
          const result = end();
          takePath();
          return result;
        };
        const listener = Listener.from(server);
        await (await listener.accept()).close();
        await Promise.all([client.close(), listener.close()]);
      }),
    ),
  );

  let dist: string;
  beforeAll(async () => {
    dist = await compiled();
  });

  const asRoot = skipUnless("only root can give its rights up", isRoot && !isBun && !isDeno);

  /** Starts a process that listens as root, gives up its rights and takes over its server. Returns what the process prints. */
  async function afterGivingUpRights(path: string): Promise<string> {
    const source = `
      import { createServer } from "node:net";
      import { Listener, Socket, socketpair } from ${JSON.stringify(pathToFileURL(join(dist, "index.js")).href)};
      await Promise.all(socketpair().map((socket) => socket.close()));
      const server = createServer().listen(${JSON.stringify(path)}, async () => {
        process.setegid(65534);
        process.seteuid(65534);
        const listener = Listener.from(server);
        // Not earlier: where the file may not be linked, the path is free for a moment of the takeover.
        console.log("taken over");
        const peer = await listener.accept();
        await peer.close();
        await listener.close();
        console.log("accepted");
      });`;
    const child = spawn(process.execPath, evaluate(source), { stdio: ["ignore", "pipe", "inherit"] });
    try {
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await until(() => output !== "" || child.exitCode !== null);
      const client = await Socket.connect({ path });
      await Promise.all([client.close(), once(child, "close")]);
      return output.trim().split("\n").join();
    } finally {
      child.kill();
    }
  }

  for (const [verb, mode] of [["write to", 0o755] as const, ["enter", 0o700] as const]) {
    asRoot(
      `takes over a server in a directory that it may no longer ${verb}, and leaves the file there`,
      () =>
        counted(async () => {
          const directory = `${freshPath()}.d`;
          chmodSync(dirname(directory), 0o755);
          mkdirSync(directory);
          chmodSync(directory, mode);
          const path = join(directory, "socket");
          expect(await afterGivingUpRights(path)).toBe("taken over,accepted");
          expect(lstatSync(path).isSocket()).toBe(true);
        }),
    );
  }

  asRoot("takes over a server in a directory of another user, who may not link to its file", () =>
    counted(async () => {
      const directory = `${freshPath()}.d`;
      chmodSync(dirname(directory), 0o755);
      mkdirSync(directory);
      chownSync(directory, 65_534, 65_534);
      expect(await afterGivingUpRights(join(directory, "socket"))).toBe("taken over,accepted");
      expect(readdirSync(directory)).toEqual([]);
    }),
  );

  it("refuses a server that does not listen", () => {
    expect(thrown(() => Listener.from(createServer())).code).toBe("ERR_SENDMSG_CLOSED");
  });
});
