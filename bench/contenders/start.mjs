import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { located } from "./library.mjs";

// How long a process takes that imports the module and ends; without a module, one that runs an empty file. It is started several
// times, and the least counts: whatever else the machine does can only make it slower.
const TIMES = 5;

const [name] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sendmsg-start-"));
try {
  const file = join(folder, "main.mjs");
  writeFileSync(file, name === undefined ? "" : `import ${JSON.stringify(located(name))};\n`);
  const times = Array.from({ length: TIMES }, () => {
    const start = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, [file], { stdio: ["ignore", "inherit", "inherit"] });
    if (status !== 0) throw new Error(`${name}: status ${status}`);
    return Number(process.hrtime.bigint() - start);
  });
  console.log(Math.min(...times));
} finally {
  rmSync(folder, { recursive: true });
}
