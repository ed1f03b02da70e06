// Packs the packages for publishing: node tools/pack.mjs FOLDER
// The binaries of all architectures must be built, and dist of the packages that have one. Some things are added only to the copy that
// is published: os and cpu (with them, npm would refuse the workspace on other machines), license, notices, bill of materials,
// checksums.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ALL } from "./architectures.mjs";
import { CORE, coreOf, inGroups, kindOf, packages, pins } from "./packages.mjs";
import { prebuild, repository } from "./paths.mjs";
import { ProgramFailure, run } from "./run.mjs";
import { billOfMaterials } from "./sbom.mjs";

const SHARED = ["LICENSE"];
/** What `sendmsg` has from the repository's root. The links of the README lead there. */
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "docs",
  "examples",
  "bench",
];
const NOTICES = "THIRD-PARTY-NOTICES.md";
const IN_BINARY =
  "The binary contains compiled code of these projects. What the compiler adds of its own library comes under GCC's " +
  "Runtime Library Exception.";
const NOTHING = "This package contains no code of other projects.";
const BUNDLED = `The files in dist contain code of ${CORE}, which belongs to the same project and has the same license.`;
const SBOM = "sbom.cdx.json";

class Refusal extends Error {}

const [folder] = parseArgs({ allowPositionals: true }).positionals;
const all = packages();

const installed = (name) => {
  const manifest = readFileSync(join(repository, "node_modules", name, "package.json"), "utf8");
  const { version, license } = JSON.parse(manifest);
  return { name, version, license };
};
const identity = ({ name, version, license, description }) => ({ name, version, license, description });

// In the workflow that publishes, npm checks that the package names the repository in which the workflow runs.
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
const url = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
const origin = (directory) =>
  url
    ? {
        repository: { type: "git", url: `git+${url}.git`, ...(directory && { directory }) },
        bugs: `${url}/issues`,
        homepage: directory ? `${url}/tree/HEAD/${directory}#readme` : `${url}#readme`,
      }
    : {};

const checksums = {};
/** What each kind of package has only in the copy that is published. */
const prepareAs = {
  native({ folder, manifest }) {
    const arch = manifest.name.split("-").at(-1);
    const sha256 = createHash("sha256")
      .update(readFileSync(prebuild(arch)))
      .digest("hex");
    checksums[manifest.name] = sha256;
    const contents = [installed("node-addon-api")];
    prepare(folder, {
      manifest: { ...manifest, ...origin(folder), os: ["linux"], cpu: [arch] },
      files: {
        [NOTICES]: noticesOf(IN_BINARY, contents),
        [SBOM]: billOfMaterials({ subject: { ...identity(manifest), sha256 }, contains: contents }),
        "README.md": `# ${manifest.name}\n\n${manifest.description}. npm installs it together with \`sendmsg\`, where it fits.\n`,
      },
    });
  },

  core({ folder, manifest }) {
    const natives = pins(manifest, all).map(({ name, version }) => {
      return { name, version, license: manifest.license, sha256: checksums[name], optional: true };
    });
    prepare(folder, {
      // Without a directory: npm's page looks for the README's relative links in that directory, and they lead to the root.
      manifest: { ...manifest, ...origin() },
      files: {
        "binaries.json": `${JSON.stringify(checksums, null, 2)}\n`,
        [NOTICES]: noticesOf(NOTHING),
        [SBOM]: billOfMaterials({ subject: identity(manifest), needs: natives }),
      },
      documents: DOCUMENTS,
    });
  },

  /** Its own README is in its folder. Its dist contains code of sendmsg, which finds the binary through the installed sendmsg. */
  dependent({ folder, manifest }) {
    const needs = pins(manifest, all).map(({ name, version }) => ({
      name,
      version,
      license: manifest.license,
    }));
    prepare(folder, {
      manifest: { ...manifest, ...origin(folder), files: [...manifest.files, "README.md"] },
      files: {
        [NOTICES]: noticesOf(`${BUNDLED} ${NOTHING}`),
        [SBOM]: billOfMaterials({
          subject: identity(manifest),
          contains: needs.filter(({ name }) => name === CORE),
          needs,
        }),
      },
    });
  },
};

const stage = mkdtempSync(join(tmpdir(), "sendmsg-pack-"));
try {
  if (!folder) throw new Refusal("Where to? node tools/pack.mjs FOLDER");
  checkVersions();
  checkBuilt();
  // The natives come first: core contains their checksums.
  const names = inGroups(all)
    .flat()
    .map((it) => {
      prepareAs[kindOf(it.manifest)](it);
      return it.manifest.name;
    });
  pack(names, resolve(folder));
} catch (error) {
  if (!(error instanceof Refusal || error instanceof ProgramFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** All packages must have the version of `sendmsg`, and need that version of each other. */
function checkVersions() {
  const { version } = coreOf(all).manifest;
  for (const { folder, manifest } of all) {
    const versions = [
      { name: manifest.name, version: manifest.version },
      ...pins(manifest, all).map((pin) => ({ name: `${pin.name} in ${folder}`, version: pin.version })),
    ];
    const wrong = versions.find((it) => it.version !== version);
    if (wrong) {
      throw new Refusal(
        `${wrong.name} has version ${wrong.version}, ${CORE} ${version}: they must be the same`,
      );
    }
  }
}

function checkBuilt() {
  const missing = ALL.filter((arch) => !existsSync(prebuild(arch)));
  if (missing.length > 0) {
    throw new Refusal(`There is no binary for ${missing.join(" and ")}: run npm run build:all`);
  }
  for (const { folder, manifest } of all) {
    if (manifest.files.includes("dist") && !existsSync(join(repository, folder, "dist"))) {
      throw new Refusal(`There is no dist in ${folder}: run npm run build`);
    }
  }
}

/** Copies the files of a package. Users need neither its scripts nor its devDependencies. */
function prepare(folder, { manifest, files, documents = [] }) {
  const { scripts, devDependencies, ...published } = manifest;
  published.files = [...new Set([...manifest.files, NOTICES, SBOM])];
  const copy = join(stage, manifest.name);
  for (const name of manifest.files) {
    const from = join(repository, folder, name);
    if (existsSync(from)) cpSync(from, join(copy, name), { recursive: true });
  }
  for (const name of [...SHARED, ...documents]) {
    cpSync(join(repository, name), join(copy, name), { recursive: true });
  }
  writeFileSync(join(copy, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(copy, name), text);
}

/** Makes the tarballs in the folder `output`. */
function pack(names, output) {
  mkdirSync(output, { recursive: true });
  const packed = run(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", output, ...names.map((name) => `./${name}`)],
    { cwd: stage },
  );
  // npm prints a list. From npm 12 on, it prints an object with a key for each package.
  for (const { filename, unpackedSize } of Object.values(JSON.parse(packed))) {
    console.log(`${filename}: ${unpackedSize} bytes unpacked`);
  }
}

/** The licenses of what is compiled into a package, in their authors' words. */
function noticesOf(introduction, contents = []) {
  const sections = contents.map(({ name, version }) => {
    const from = join(repository, "node_modules", name);
    const license = readdirSync(from).find((file) => /^licen[sc]e/i.test(file));
    return `## ${name} ${version}\n\n${readFileSync(join(from, license), "utf8").trim()}\n`;
  });
  return ["# Third-party notices", introduction, ...sections].join("\n\n");
}
