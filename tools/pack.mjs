// Packs the packages for publishing: node tools/pack.mjs FOLDER
// The binaries of all architectures must be built. Some things are added only to the copy that is published: os and cpu (with them,
// npm would refuse the workspace on other machines), license, notices, bill of materials, checksums.
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
import { core, nativePackage, prebuild, repository } from "./paths.mjs";
import { run } from "./run.mjs";
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
const SBOM = "sbom.cdx.json";

const [folder] = parseArgs({ allowPositionals: true }).positionals;
if (!folder) {
  console.error("Usage: node tools/pack.mjs FOLDER");
  process.exit(2);
}
const output = resolve(folder);
mkdirSync(output, { recursive: true });

const missing = ALL.filter((arch) => !existsSync(prebuild(arch)));
if (missing.length > 0) {
  console.error(`There is no binary for ${missing.join(" and ")}: run npm run build:all`);
  process.exit(1);
}

const read = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));
const coreManifest = read(core, "package.json");
const installed = (name) => {
  const { version, license } = read(repository, "node_modules", name, "package.json");
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
        homepage: `${url}#readme`,
      }
    : {};

const stage = mkdtempSync(join(tmpdir(), "sendmsg-pack-"));
try {
  const checksums = {};
  for (const arch of ALL) {
    const source = nativePackage(arch);
    const manifest = read(source, "package.json");
    if (manifest.version !== coreManifest.version) {
      throw new Error(
        `${manifest.name} has version ${manifest.version}, sendmsg ${coreManifest.version}: they must be the same`,
      );
    }
    const sha256 = createHash("sha256")
      .update(readFileSync(prebuild(arch)))
      .digest("hex");
    checksums[manifest.name] = sha256;
    const contents = [installed("node-addon-api")];
    prepare(source, {
      manifest: {
        ...manifest,
        ...origin(`packages/native-linux-${arch}`),
        os: ["linux"],
        cpu: [arch],
        files: [...manifest.files, NOTICES, SBOM],
      },
      files: {
        [NOTICES]: noticesOf(contents),
        [SBOM]: billOfMaterials({ subject: { ...identity(manifest), sha256 }, contains: contents }),
        "README.md": `# ${manifest.name}\n\n${manifest.description}. npm installs it together with \`sendmsg\`, where it fits.\n`,
      },
    });
  }

  const { scripts, devDependencies, ...published } = coreManifest;
  const natives = Object.entries(published.optionalDependencies).map(([name, version]) => {
    if (version !== published.version) throw new Error(`sendmsg asks for ${name}@${version}`);
    return { name, version, license: published.license, sha256: checksums[name], optional: true };
  });
  prepare(core, {
    // Without a directory: npm's page looks for the README's relative links in that directory, and they lead to the root.
    manifest: { ...published, ...origin() },
    files: {
      "binaries.json": `${JSON.stringify(checksums, null, 2)}\n`,
      [NOTICES]: noticesOf([]),
      [SBOM]: billOfMaterials({ subject: identity(coreManifest), needs: natives }),
    },
    documents: DOCUMENTS,
  });
  pack([coreManifest.name, ...Object.keys(checksums)]);
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** Copies the files of a package. */
function prepare(source, { manifest, files, documents = [] }) {
  const copy = join(stage, manifest.name);
  for (const name of manifest.files) {
    const from = join(source, name);
    if (existsSync(from)) cpSync(from, join(copy, name), { recursive: true });
  }
  for (const name of [...SHARED, ...documents]) {
    cpSync(join(repository, name), join(copy, name), { recursive: true });
  }
  writeFileSync(join(copy, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(copy, name), text);
}

/** Makes the tarballs. */
function pack(names) {
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
function noticesOf(contents) {
  const sections = contents.map(({ name, version }) => {
    const from = join(repository, "node_modules", name);
    const license = readdirSync(from).find((file) => /^licen[sc]e/i.test(file));
    return `## ${name} ${version}\n\n${readFileSync(join(from, license), "utf8").trim()}\n`;
  });
  return [
    "# Third-party notices",
    sections.length > 0
      ? "The binary contains compiled code of these projects. What the compiler adds of its own library comes under GCC's " +
        "Runtime Library Exception."
      : "This package contains no code of other projects.",
    ...sections,
  ].join("\n\n");
}
