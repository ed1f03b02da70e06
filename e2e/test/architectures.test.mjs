// Uses the packages on the other architectures, in root file systems of Debian. This machine's npm installs the packages for them,
// because npm is slow under emulation. With --cpu, npm chooses the same packages as it does on that architecture. In the workflow,
// the job "tarballs" runs npm itself on each architecture. npm run test:targets runs all other tests there.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FOREIGN } from "../../tools/architectures.mjs";
import { isEmulated } from "../../tools/emulation.mjs";
import { repository } from "../../tools/paths.mjs";
import { root, script } from "../../tools/targets.mjs";
import { project } from "./project.mjs";
import { cli } from "./toolbox.mjs";

// All in one process: under emulation, starting Node takes seconds.
const PROGRAM = `
import { openSync, readFileSync } from "node:fs";
const { exports } = JSON.parse(readFileSync("node_modules/sendmsg/package.json", "utf8"));
const names = Object.keys(exports).filter((name) => !name.endsWith(".json"));
for (const name of names) await import("sendmsg" + name.slice(1));

const { socketpair } = await import("sendmsg");
const [a, b] = socketpair("stream", { maxFds: 1 });
await a.sendmsg({ data: "a file", fds: [openSync("package.json")] });
const message = await b.recvmsg();
const [file] = message.takeFds();
console.error(String(message.data), JSON.parse(readFileSync(file.fd, "utf8")).name);
file.close();
a.close();
b.close();

process.argv = [process.execPath, "sendmsg", "doctor", "--json"];
await import("./node_modules/sendmsg/dist/cli/main.js");
`;

// enter.sh mounts, and changes the root folder.
const asRoot = process.getuid() === 0;
if (!asRoot) console.info(`skipped: ${FOREIGN.join(", ")}: needs root`);

test.skipIf(!asRoot).each(FOREIGN)("%s", async (arch) => {
  isEmulated(arch);
  const user = project();
  user.command("npm", cli("npm"));
  await user.run("npm", "install", "--os=linux", `--cpu=${arch}`, "sendmsg");
  expect(readdirSync(join(user.folder, "node_modules/@sendmsg"))).toEqual([`native-linux-${arch}`]);

  user.write("main.mjs", PROGRAM);
  const noDependencies = join(user.root, "none");
  mkdirSync(noDependencies);
  const { error, stdout, stderr } = await new Promise((resolve) => {
    execFile(
      script("enter.sh"),
      [root(arch), repository, noDependencies, user.folder, "sh", "-c", "cd /results && exec node main.mjs"],
      { timeout: 170_000, killSignal: "SIGKILL" },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
  });
  expect(error, stdout + stderr).toBe(null);
  expect(stderr).toBe("a file user\n");
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    target: `linux-${arch}`,
    native: { package: `@sendmsg/native-linux-${arch}`, published: true },
    systemCalls: { denied: [] },
  });
});
