// Installs sendmsg into an empty project as users do, and uses it: runs the README's example and `npx sendmsg doctor`.
//   node tools/test-tarballs.mjs FOLDER             the tarballs that tools/pack.mjs made
//   node tools/test-tarballs.mjs sendmsg@VERSION    what is published
// After --, flags for npm install: -- --registry=…
// It needs Node 18.18, its npm and ../examples, and no compiler, so that it runs in any image that has Node.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const NATIVE = `@sendmsg/native-linux-${process.arch}`;
const EXAMPLES = ["pass.mjs", "send.mjs", "receive.mjs"];
const MINUTE = 60 * 1000;

const [source, ...flags] = parseArgs({ allowPositionals: true }).positionals;
if (!source) {
  console.error("node tools/test-tarballs.mjs FOLDER | sendmsg@VERSION [-- FLAG…]");
  process.exit(2);
}

const project = mkdtempSync(join(tmpdir(), "sendmsg-project-"));
const counts = { passed: 0, failed: 0 };
try {
  const libc = process.report.getReport().header.glibcVersionRuntime;
  const npm = run("npm", "--version").trim();
  console.log(
    `Node ${process.version}, npm ${npm}, linux-${process.arch}, ${libc ? `glibc ${libc}` : "another libc"}`,
  );
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  test("npm installs it", () => {
    run("npm", "install", "--no-audit", "--no-fund", ...flags, ...specs());
    expect(existsSync(installed("sendmsg/package.json")), "sendmsg is not there");
  });
  // Without it, nothing else can work.
  if (counts.failed === 0) testInstalled();
} finally {
  rmSync(project, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

function testInstalled() {
  const manifest = JSON.parse(readFileSync(installed("sendmsg/package.json"), "utf8"));

  test("no package has an install script", () => {
    const { packages } = JSON.parse(readFileSync(installed(".package-lock.json"), "utf8"));
    const scripted = Object.keys(packages).filter((name) => packages[name].hasInstallScript);
    expect(scripted.length === 0, scripted.join(", "));
  });

  test("the native package of this machine is there, and no other", () => {
    const found = readdirSync(installed("@sendmsg")).map((name) => `@sendmsg/${name}`);
    expect(found.join() === NATIVE, `there is ${found.join(", ")}`);
    const { version } = JSON.parse(readFileSync(installed(NATIVE, "package.json"), "utf8"));
    expect(version === manifest.version, `${version} goes with sendmsg ${manifest.version}`);
  });

  test("every export can be imported", () => {
    const names = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
    const program = names.map((name) => `await import(${JSON.stringify(join("sendmsg", name))});`).join("\n");
    run(process.execPath, "--input-type=module", "--eval", program);
  });

  test("the example passes an open file to another process", () => {
    const examples = join(dirname(fileURLToPath(import.meta.url)), "../examples");
    for (const name of EXAMPLES) cpSync(join(examples, name), join(project, name));
    const output = run(process.execPath, "pass.mjs", "package.json");
    const size = readFileSync(join(project, "package.json")).length;
    expect(output.includes(`received package.json: ${size} bytes`), output);
    expect(output.includes("the receiver says: thank you"), output);
  });

  test("npx sendmsg doctor", () => {
    console.log(run("npx", "--no", "sendmsg", "doctor").replace(/^/gm, "  ").trimEnd());
    JSON.parse(run("npx", "--no", "sendmsg", "doctor", "--json"));
  });
}

/** What npm is to install: the tarball of sendmsg and that of this machine's native package, or a published version. */
function specs() {
  if (source.startsWith("sendmsg@")) return [source];
  const prefixes = ["sendmsg-", `${NATIVE.slice(1).replace("/", "-")}-`];
  return prefixes.map((prefix) => {
    const name = readdirSync(source).find(
      (name) => name.startsWith(prefix) && /^\d.*\.tgz$/.test(name.slice(prefix.length)),
    );
    expect(name, `no ${prefix}VERSION.tgz in ${source}`);
    return `file:${resolve(source, name)}`;
  });
}

function installed(...path) {
  return join(project, "node_modules", ...path);
}

function test(name, body) {
  try {
    body();
    counts.passed++;
    console.log(`passed: ${name}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAILED: ${name}\n${error.message}`);
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** Runs a program in the project. Throws, with what it said, when it fails. */
function run(program, ...args) {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    timeout: 5 * MINUTE,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? (signal ? `ended by ${signal}` : `status ${status}`);
  throw new Error(`${program} ${args.join(" ")}: ${reason}\n${stdout ?? ""}${stderr ?? ""}`);
}
