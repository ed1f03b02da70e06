// The packages of this repository: their kinds, and what they need of each other. They all have the same version, and a package
// needs exactly this version of the others.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./paths.mjs";

export const CORE = "sendmsg";

/** How a manifest shows of which kind the package is. The order is that of publishing: each kind needs those above it. */
const KINDS = {
  native: ({ name }) => name.startsWith("@sendmsg/native-"),
  core: ({ name }) => name === CORE,
  dependent: ({ dependencies }) => dependencies !== undefined && CORE in dependencies,
};

export function kindOf(manifest) {
  const kind = Object.keys(KINDS).find((name) => KINDS[name](manifest));
  if (kind === undefined)
    throw new Error(`${manifest.name} neither is ${CORE} or its binary nor depends on ${CORE}`);
  return kind;
}

/** The packages in the checkout: the folder below the repository, the path of the manifest there, and the manifest. */
export function packages() {
  return readdirSync(join(repository, "packages"))
    .sort()
    .map((name) => {
      const folder = `packages/${name}`;
      const file = `${folder}/package.json`;
      return { folder, file, manifest: JSON.parse(readFileSync(join(repository, file), "utf8")) };
    });
}

/** Objects with a manifest, in groups that are published one after the other. */
export const inGroups = (all) =>
  Object.keys(KINDS).map((kind) => all.filter(({ manifest }) => kindOf(manifest) === kind));

/** The one of these objects whose manifest is core's. */
export const coreOf = (all) => all.find(({ manifest }) => manifest.name === CORE);

/** The folders of the packages that have tests, core's first. */
export const foldersWithTests = () =>
  inGroups(packages())
    .flat()
    .filter(({ manifest }) => manifest.scripts?.test !== undefined)
    .map(({ folder }) => folder);

/**
 * Where a manifest names packages of the repository that it needs: the field, the name, and the version (undefined: it is missing).
 * `all`: objects with the manifests of all packages.
 */
export function pins(manifest, all) {
  const { dependencies = {}, optionalDependencies = {} } = manifest;
  if (kindOf(manifest) === "core") {
    const [natives] = inGroups(all).map((group) => group.map((it) => it.manifest.name));
    const names = new Set([...natives, ...Object.keys(optionalDependencies)]);
    return [...names].map((name) => ({
      field: "optionalDependencies",
      name,
      version: optionalDependencies[name],
    }));
  }
  return all
    .map((it) => it.manifest.name)
    .filter((name) => name in dependencies)
    .map((name) => ({ field: "dependencies", name, version: dependencies[name] }));
}
