// Runs tools/pack.mjs in a copy of what it reads: the tools and the manifests. The real packages are packed in e2e.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ALL } from "../architectures.mjs";
import { CORE, packages } from "../packages.mjs";
import { prebuild, repository } from "../paths.mjs";
import { attempt } from "../run.mjs";

const copy = mkdtempSync(join(tmpdir(), "sendmsg-pack-test-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));
cpSync(join(repository, "tools"), join(copy, "tools"), { recursive: true });
symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
const write = (file, content) => {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), content);
};
const writeManifest = ({ file, manifest }) => write(file, JSON.stringify(manifest));
for (const it of packages()) writeManifest(it);

/** Runs it, which must fail and make nothing. Returns the text that it prints. */
function refusal(...args) {
  const { status, stdout, stderr } = attempt("node", ["tools/pack.mjs", ...args], { cwd: copy });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(existsSync(join(copy, "tarballs"))).toBe(false);
  return stderr.trimEnd();
}

test("needs a folder", () => {
  expect(refusal()).toBe("Where to? node tools/pack.mjs FOLDER");
});

test("refuses packages of different versions", () => {
  const it = packages().find(({ manifest }) => manifest.name === "@sendmsg/unix-dgram");
  const { version } = it.manifest;
  writeManifest({ ...it, manifest: { ...it.manifest, version: "99.0.0" } });
  expect(refusal("tarballs")).toBe(
    `@sendmsg/unix-dgram has version 99.0.0, ${CORE} ${version}: they must be the same`,
  );
  writeManifest({ ...it, manifest: { ...it.manifest, dependencies: { [CORE]: "^99.0.0" } } });
  expect(refusal("tarballs")).toBe(
    `${CORE} in ${it.folder} has version ^99.0.0, ${CORE} ${version}: they must be the same`,
  );
  writeManifest(it);
});

test("refuses what is not built", () => {
  expect(refusal("tarballs")).toBe(`There is no binary for ${ALL.join(" and ")}: run npm run build:all`);
  for (const arch of ALL) write(prebuild(arch).slice(repository.length), "");
  expect(refusal("tarballs")).toBe("There is no dist in packages/core: run npm run build");
});
