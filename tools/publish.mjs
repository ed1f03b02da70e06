// Publishes the tarballs that tools/pack.mjs made to npm's configured registry, and then tries the published packages:
//   node tools/publish.mjs FOLDER [--dry-run] [-- FLAG…]      flags are npm's: --registry=…
// The native packages come first. `sendmsg`, which names them, follows when the registry has all of them. The packages that depend on
// `sendmsg` are last. You can run this again after a failure: it skips packages that are already published with the same contents.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import semver from "semver";
import { CORE, coreOf, inGroups, packages, pins } from "./packages.mjs";
import { attempt, ProgramFailure, run } from "./run.mjs";

const SECOND = 1000;
// A registry shows what it has accepted only after some minutes.
const APPEARS_WITHIN = 10 * 60 * SECOND;
const ASK_EVERY = 5 * SECOND;
// The first npm that a registry can trust because of the workflow in which it runs.
const NPM_THAT_IS_TRUSTED = "11.5.1";

class Failure extends ProgramFailure {}
class Conflict extends Failure {}

const {
  values: { "dry-run": dryRun },
  positionals: [folder, ...flags],
} = parseArgs({ options: { "dry-run": { type: "boolean" } }, allowPositionals: true });
// GitHub sets this in a job that may ask for a token which names its workflow.
const { ACTIONS_ID_TOKEN_REQUEST_URL: isTrusted, GITHUB_REPOSITORY: source } = process.env;

if (!folder) {
  console.error("node tools/publish.mjs FOLDER [--dry-run] [-- FLAG…]");
  process.exit(2);
}
// Use a fresh cache: what this machine has downloaded before says nothing about the registry.
const cache = mkdtempSync(join(tmpdir(), "sendmsg-publish-"));
try {
  await publishAll(readTarballs(folder));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(cache, { recursive: true, force: true });
}

async function publishAll(tarballs) {
  const core = coreOf(tarballs);
  if (isTrusted) checkProvenance(tarballs);
  console.log(`To ${npm("config", "get", "registry").stdout.trim()}`);
  // Check all packages before publishing the first.
  const due = tarballs.filter((tarball) => !isPublished(tarball));
  for (const group of inGroups(tarballs)) {
    for (const tarball of group) {
      if (due.includes(tarball)) publish(tarball);
      else console.log(`${tarball.spec} is published`);
    }
    if (!dryRun) for (const tarball of group) await appearance(tarball);
  }
  if (dryRun) return;
  const script = fileURLToPath(new URL("test-tarballs.mjs", import.meta.url));
  const { failure } = attempt(process.execPath, [script, core.spec, "--", ...flags], {
    stdio: "inherit",
    // The published package's code must not see the token.
    env: {
      ...environment(),
      ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
    },
  });
  if (failure) {
    const { version } = core.manifest;
    throw new Failure(
      [
        `Version ${version} is published, but the tests above failed.`,
        "If npm could not download a package, run this command again: it skips what is published, and repeats the tests.",
        "If a package is broken, release the next version, because a published version can't be replaced. " +
          `Until then, warn users: npm deprecate PACKAGE@${version} "REASON"`,
      ].join("\n"),
    );
  }
}

/** Reads the tarballs. Throws if one is missing, if there is one too many, or if their versions differ. */
function readTarballs(folder) {
  const tarballs = readdirSync(folder)
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => {
      const file = resolve(folder, name);
      const manifest = JSON.parse(run("tar", ["-xzOf", file, "package/package.json"]));
      const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
      return { file, manifest, integrity, spec: `${manifest.name}@${manifest.version}` };
    });
  const core = coreOf(tarballs);
  if (!core) throw new Failure(`No tarball of ${CORE} in ${folder}: node tools/pack.mjs ${folder}`);
  const { version } = core.manifest;
  const wanted = packages().map(({ manifest }) => `${manifest.name}@${version}`);
  const found = tarballs.map(({ spec }) => spec);
  if (wanted.sort().join() !== found.sort().join()) {
    throw new Failure(
      `${version} needs the tarballs ${wanted.join(", ")}; in ${folder}: ${found.join(", ")}`,
    );
  }
  for (const { spec, manifest } of tarballs) {
    const wrong = pins(manifest, tarballs).find((pin) => pin.version !== version);
    if (wrong) throw new Failure(`${spec} needs ${wrong.name}@${wrong.version}, and not ${version}`);
  }
  return tarballs;
}

/** Checks now what the registry would refuse only later, when other packages are already published. */
function checkProvenance(tarballs) {
  const version = npm("--version").stdout.trim();
  if (semver.lt(version, NPM_THAT_IS_TRUSTED)) {
    throw new Failure(`This is npm ${version}: publishing from here takes ${NPM_THAT_IS_TRUSTED}.`);
  }
  for (const { spec, manifest } of tarballs) {
    const url = manifest.repository?.url ?? "";
    if (!url.replace(/\.git$/, "").endsWith(`/${source}`)) {
      throw new Failure(
        `"repository" of ${spec} is ${JSON.stringify(url)}: provenance takes the URL of ${source}.`,
      );
    }
  }
}

function isPublished({ spec, integrity }) {
  const published = publishedIntegrity(spec);
  if (published && published !== integrity) {
    throw new Conflict(`${spec} is published with other contents: ${published}, not ${integrity}.`);
  }
  return published !== undefined;
}

/**
 * The integrity of the tarball that users get from the registry. Unlike npm view, npm pack reads the short document that npm
 * install reads, which may be an older one. It also fetches the tarball.
 */
function publishedIntegrity(spec) {
  const { failure, stdout } = npm("pack", spec, "--dry-run", "--json", "--prefer-online");
  if (!failure) return /"integrity":\s*"(sha512-[^"]+)"/.exec(stdout)?.[1];
  if (/\b(E404|ETARGET)\b/.test(failure)) return undefined;
  throw new Failure(failure);
}

function publish({ file, spec, manifest }) {
  const tag = semver.prerelease(manifest.version) ? "next" : "latest";
  const options = ["--access=public", `--tag=${tag}`];
  if (isTrusted && !dryRun) options.push("--provenance");
  if (dryRun) options.push("--dry-run");
  const { failure } = npm("publish", file, ...options);
  if (failure) throw new Failure(`${spec} was not published: ${failure}`);
  console.log(`${spec} ${dryRun ? "would be" : "has been"} published as ${tag}`);
}

/** Waits until the registry returns the package. If the registry does not answer, it may answer later. */
async function appearance(tarball) {
  const deadline = Date.now() + APPEARS_WITHIN;
  let reason = "the registry does not give it out";
  for (;;) {
    try {
      if (isPublished(tarball)) return;
    } catch (error) {
      if (!(error instanceof Failure) || error instanceof Conflict) throw error;
      reason = error.message;
    }
    if (Date.now() >= deadline) throw new Failure(`${tarball.spec} was published, and ${reason}.`);
    await delay(ASK_EVERY);
  }
}

function npm(...args) {
  return attempt("npm", [...args, ...flags], { env: environment() });
}

function environment() {
  return { ...process.env, npm_config_cache: cache };
}
