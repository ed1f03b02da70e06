// Installs sendmsg and the packages that depend on it into an empty project as users do, and uses them: runs the README's example,
// `npx sendmsg doctor`, and a program for each of the other packages.
//   node tools/test-tarballs.mjs FOLDER             the tarballs that tools/pack.mjs made
//   node tools/test-tarballs.mjs sendmsg@VERSION    the published packages
// After --, you can give flags for npm install: -- --registry=…
// It needs only Node 18.18 with its npm, and ../examples. It needs no compiler, so it runs in any image that has Node.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test from "node:test";
import { parseArgs } from "node:util";
import { CORE, inGroups, packages } from "./packages.mjs";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";

const NATIVE = `@sendmsg/native-linux-${process.arch}`;
const EXAMPLES = ["pass.mjs", "send.mjs", "receive.mjs"];
/** The packages that depend on sendmsg: the name that programs import, and a program that prints "it works". */
const DEPENDENTS = {
  "@sendmsg/unix-dgram": {
    alias: "unix-dgram",
    program: `
      const unix = require("unix-dgram");
      const receiver = unix.createSocket("unix_dgram", (message) => {
        console.log(String(message));
        receiver.close();
      });
      receiver.bind("unix-dgram.sock");
      const sender = unix.createSocket("unix_dgram");
      sender.connect("unix-dgram.sock");
      sender.send(Buffer.from("it works"), () => sender.close());
    `,
  },
};
const MINUTE = 60 * 1000;

const [source, ...flags] = parseArgs({ allowPositionals: true }).positionals;
if (!source) {
  console.error("node tools/test-tarballs.mjs FOLDER | sendmsg@VERSION [-- FLAG…]");
  process.exit(2);
}

const project = mkdtempSync(join(tmpdir(), "sendmsg-project-"));
process.once("exit", () => rmSync(project, { recursive: true, force: true }));
const installed = (...path) => join(project, "node_modules", ...path);
const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const inProject = (program, ...args) => run(program, args, { cwd: project, timeout: 5 * MINUTE });

const libc = process.report.getReport().header.glibcVersionRuntime;
const npm = inProject("npm", "--version").trim();
console.log(
  `Node ${process.version}, npm ${npm}, linux-${process.arch}, ${libc ? `glibc ${libc}` : "another libc"}`,
);
writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
// This is not a test, but the tests need it.
inProject("npm", "install", "--no-audit", "--no-fund", ...flags, ...specs());
const manifest = json(installed("sendmsg/package.json"));

test("no package has an install script", () => {
  const packages = Object.entries(json(installed(".package-lock.json")).packages);
  assert.deepEqual(
    packages.filter(([, { hasInstallScript }]) => hasInstallScript),
    [],
  );
});

test("the native package of this machine is there, and no other", () => {
  assert.deepEqual(
    readdirSync(installed("@sendmsg")).map((name) => `@sendmsg/${name}`),
    [NATIVE],
  );
  assert.equal(json(installed(NATIVE, "package.json")).version, manifest.version);
});

test("every export can be imported", () => {
  const names = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
  const program = names.map((name) => `await import(${JSON.stringify(join("sendmsg", name))});`).join("\n");
  inProject(process.execPath, "--input-type=module", "--eval", program);
});

test("the example passes an open file to another process", () => {
  for (const name of EXAMPLES) cpSync(join(repository, "examples", name), join(project, name));
  const output = inProject(process.execPath, "pass.mjs", "package.json");
  const size = readFileSync(join(project, "package.json")).length;
  assert.ok(output.includes(`received package.json: ${size} bytes`), output);
  assert.ok(output.includes("the receiver says: thank you"), output);
});

test("npx sendmsg doctor", () => {
  console.log(inProject("npx", "--no", "sendmsg", "doctor"));
  JSON.parse(inProject("npx", "--no", "sendmsg", "doctor", "--json"));
});

for (const [name, { alias, program }] of Object.entries(DEPENDENTS)) {
  test(`${name} works under the name ${alias}`, () => {
    const { name: found, version } = json(installed(alias, "package.json"));
    assert.deepEqual([found, version], [name, manifest.version]);
    assert.equal(inProject(process.execPath, "--input-type=commonjs", "--eval", program), "it works\n");
  });
}

test("every package that depends on sendmsg was tried", () => {
  const [, , dependents] = inGroups(packages());
  assert.deepEqual(
    Object.keys(DEPENDENTS),
    dependents.map((it) => it.manifest.name),
  );
});

/** What npm should install: the tarballs of the packages, with the native package of this machine, or a published version. */
function specs() {
  const named = (spec) => Object.entries(DEPENDENTS).map(([name, { alias }]) => `${alias}@${spec(name)}`);
  if (source.startsWith(`${CORE}@`)) {
    return [source, ...named((name) => source.replace(CORE, `npm:${name}`))];
  }
  const tarball = (name) => {
    const prefix = name.replace("@", "").replace("/", "-");
    const file = readdirSync(source).find((file) => new RegExp(`^${prefix}-\\d.*\\.tgz$`).test(file));
    assert.ok(file, `no ${prefix}-VERSION.tgz in ${source}`);
    return `file:${resolve(source, file)}`;
  };
  return [tarball(CORE), tarball(NATIVE), ...named(tarball)];
}
