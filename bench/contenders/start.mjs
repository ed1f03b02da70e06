import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { located } from "./library.mjs";

// Measures how long a process takes that imports the module and ends. Without a module, it runs an empty file. The process is
// started several times, and the minimum counts, because other programs on the machine can only make it slower.
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
