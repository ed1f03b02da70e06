// Prepares a clone: installs the dependencies and builds, if they are out of date. Uses only what Node itself contains.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { core, repository } from "./paths.mjs";
import { attempt } from "./run.mjs";

// tools/ci.mjs has already prepared the clone, and runs several parts in parallel: no part may write what another one reads.
if (process.env.SENDMSG_BUILT === "1") process.exit(0);

const MINIMUM_NODE = [20, 5];

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
  fail(
    `Building needs Node ${MINIMUM_NODE.join(".")} or newer (this is ${process.version}); the built package runs from 18.18.`,
  );
}
if (process.platform !== "linux") fail(`sendmsg is for Linux, this is ${process.platform}.`);

const wanted = [process.env.CXX?.split(" ")[0] || "g++", "make", "python3"];
const missing = wanted.filter((program) => attempt("sh", ["-c", 'command -v "$0"', program]).failure);
if (missing.length > 0) {
  fail(
    `Building the native part needs ${missing.join(" and ")}, which ${missing.length > 1 ? "are" : "is"} not on the PATH.\n` +
      "On Debian and Ubuntu: apt-get install g++ make python3",
  );
}

const lock = join(repository, "package-lock.json");
const installed = join(repository, "node_modules/.package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log("Installing the dependencies (npm ci, about 30 s) …");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
}
if (!existsSync(join(core, "dist/index.js"))) {
  console.log("Building the library and the binary for this machine (about 20 s) …");
}
const output = run(join(repository, "node_modules/.bin/turbo"), ["run", "build", "--output-logs=new-only"]);
for (const line of output.split("\n")) if (/:build:native: linux-.* bytes/.test(line)) console.log(line);

/** Runs a program silently. If it fails, prints all its output. */
function run(program, args) {
  const env = { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1", ...process.env };
  const { failure, stdout } = attempt(program, args, { cwd: repository, env });
  if (failure) fail(failure);
  return stdout;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
