// Builds the binary of one architecture into its package. The default is the machine's own architecture:
//   node tools/build-native.mjs [ARCHITECTURE]
// It does nothing if the sources, the flags and the compiler are those of the last build.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { architectures } from "./architectures.mjs";
import { namesAndFilters } from "./arguments.mjs";
import { fingerprint } from "./cache.mjs";
import { withNodeHeaders } from "./node-headers.mjs";
import { nativePackage, nativeSources, prebuild, repository } from "./paths.mjs";
import { attempt } from "./run.mjs";

const [arch = process.arch] = namesAndFilters("architecture", architectures).names;

if (!Object.hasOwn(architectures, arch)) {
  console.log(
    `No binary is published for ${arch}: the library uses a local node-gyp build of packages/core/native.`,
  );
  process.exit(0);
}

// What the binary uses of the headers is the same in all versions of Node.
const environment = { ...withNodeHeaders(process.env) };
if (arch !== process.arch) Object.assign(environment, architectures[arch].cross.environment);

const compiler = environment.CXX ?? "g++";
const version = attempt(compiler, ["--version"], { env: environment });
if (version.failure) {
  console.error(
    arch === process.arch
      ? `${compiler} is missing. On Debian and Ubuntu: apt-get install g++ make python3`
      : `${compiler} is missing. On Debian: apt-get install ${architectures[arch].cross.packages.join(" ")}`,
  );
  process.exit(1);
}

const sourceFolder = join(nativeSources, "src");
const made = fingerprint(
  [
    arch,
    version.stdout,
    environment.CXXFLAGS ?? "",
    environment.npm_config_nodedir ?? process.version,
    createRequire(import.meta.url)("node-addon-api").version,
  ],
  [
    fileURLToPath(import.meta.url),
    fileURLToPath(new URL("architectures.mjs", import.meta.url)),
    join(nativeSources, "binding.gyp"),
    join(nativeSources, "exports.map"),
    ...readdirSync(sourceFolder)
      .sort()
      .map((name) => join(sourceFolder, name)),
  ],
);

// node-gyp builds in the folder of the binding.gyp. Links give each architecture a folder of its own.
const stage = join(nativeSources, "build", arch);
const record = join(stage, "made-of");
const output = prebuild(arch);
const sha256 = () => createHash("sha256").update(readFileSync(output)).digest("hex");

if (existsSync(record) && existsSync(output) && readFileSync(record, "utf8") === `${made} ${sha256()}\n`) {
  console.log(`linux-${arch} is up to date`);
  process.exit(0);
}

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of ["binding.gyp", "exports.map", "src"]) symlinkSync(join("../..", name), join(stage, name));

const build = attempt(
  process.execPath,
  [
    join(dirname(createRequire(import.meta.url).resolve("prebuildify")), "bin.js"),
    "--napi",
    "--strip",
    ...["--name", "sendmsg", "--platform", "linux", "--arch", arch, "--target", process.version],
    ...["--cwd", stage, "--out", nativePackage(arch)],
  ],
  { cwd: repository, env: environment, stdio: ["ignore", "pipe", "pipe"] },
);
if (build.failure) {
  console.error(build.failure);
  process.exit(1);
}
// Print warnings without node-gyp's own output, in which they would be overlooked.
for (const line of build.stderr.split("\n")) if (line && !line.startsWith("gyp ")) console.error(line);
writeFileSync(record, `${made} ${sha256()}\n`);
console.log(`linux-${arch}: ${readFileSync(output).length} bytes`);
