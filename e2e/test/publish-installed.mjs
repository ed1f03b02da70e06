// Publishes packages of the toolbox to the test registry, with everything that they depend on. `npm publish` would take a second for
// each of them.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { inToolbox } from "./toolbox.mjs";

const run = promisify(execFile);

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The folder that require(name) finds from another folder. Undefined: none. */
function folderOf(name, from) {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(found)) return found;
  }
  return undefined;
}

/** The folders of these packages, and of those that they need: a map with a key for each name and version. */
function withDependencies(folders, found = new Map()) {
  for (const folder of folders) {
    const manifest = manifestOf(folder);
    const key = `${manifest.name}@${manifest.version}`;
    if (found.has(key)) continue;
    found.set(key, { folder, manifest });
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    withDependencies(names.map((name) => folderOf(name, folder)).filter(Boolean), found);
  }
  return found;
}

async function tarballOf(folder) {
  const { stdout } = await run(
    "tar",
    ["--create", "--gzip", "--exclude=./node_modules", "--transform=s,^[.],package,", "-C", folder, "."],
    { encoding: "buffer", maxBuffer: 1 << 28 },
  );
  return stdout;
}

/** Sends what `npm publish` sends. */
async function publish({ url }, { folder, manifest }) {
  const tarball = await tarballOf(folder);
  const { name, version } = manifest;
  const file = `${name}-${version}.tgz`;
  const digest = (algorithm, encoding) => createHash(algorithm).update(tarball).digest(encoding);
  const response = await fetch(`${url}${name.replace("/", "%2f")}`, {
    method: "PUT",
    headers: { "content-type": "application/json", authorization: "Bearer anyone" },
    body: JSON.stringify({
      _id: name,
      name,
      "dist-tags": { latest: version },
      versions: {
        [version]: {
          ...manifest,
          _id: `${name}@${version}`,
          dist: {
            integrity: `sha512-${digest("sha512", "base64")}`,
            shasum: digest("sha1", "hex"),
            tarball: `${url}${name}/-/${file}`,
          },
        },
      },
      _attachments: {
        [file]: {
          content_type: "application/octet-stream",
          data: tarball.toString("base64"),
          length: tarball.length,
        },
      },
    }),
  });
  if (!response.ok) throw new Error(`${name}@${version}: ${response.status} ${await response.text()}`);
}

/** Publishes the packages with these names in the toolbox. */
export async function publishInstalled(registry, names) {
  const packages = [...withDependencies(names.map((name) => inToolbox(name))).values()];
  const byName = new Map();
  for (const each of packages) {
    byName.set(each.manifest.name, [...(byName.get(each.manifest.name) ?? []), each]);
  }
  // The registry takes one version of a package after the other.
  const publishing = [...byName.values()].map(async (versions) => {
    versions.sort((a, b) => a.manifest.version.localeCompare(b.manifest.version, "en", { numeric: true }));
    for (const each of versions) await publish(registry, each);
  });
  await Promise.all(publishing);
}

/** Publishes the package in a folder. */
export const publishFolder = (registry, folder) =>
  publish(registry, { folder, manifest: manifestOf(folder) });
