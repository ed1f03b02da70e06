// Each bundler bundles a program. The bundle runs in a folder without node_modules.
import { cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { projectWithSendmsg } from "./project.mjs";
import { inToolbox, load, nodes } from "./toolbox.mjs";

const PROGRAM = `
import { openSync, readFileSync } from "node:fs";
import { socketpair } from "sendmsg";
import { CMSG_SPACE } from "sendmsg/control";
import { SOL_SOCKET } from "sendmsg/constants";
import { getsockopt } from "sendmsg/syscalls";

const [a, b] = socketpair("stream", { maxFds: 1 });
await a.sendmsg({ data: "a file", fds: [openSync(process.argv[2])] });
const message = await b.recvmsg();
const [file] = message.takeFds();
console.log(String(message.data), CMSG_SPACE(4), readFileSync(file.fd, "utf8"));
file.close();
a.close();
b.close();
`;

const REQUIRE =
  'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

let user;
beforeEach(() => {
  user = projectWithSendmsg();
  user.write("main.mjs", PROGRAM);
  user.write("text.txt", "of its own");
});

/** Moves the bundle to another folder, removes the project's node_modules, and runs the bundle. */
async function runElsewhere(folder, file, node = "node") {
  const elsewhere = join(user.root, "elsewhere");
  renameSync(folder, elsewhere);
  const text = join(user.folder, "text.txt");
  renameSync(join(user.folder, "node_modules"), join(user.root, "no-longer-there"));
  expect(await user.run(node, ...(file ? [join(elsewhere, file)] : []), text)).toBe("a file 24 of its own\n");
}

const entry = () => join(user.folder, "main.mjs");
const out = () => join(user.folder, "out");

describe("esbuild", () => {
  test("makes ESM, with the binary in the bundle's folder", async () => {
    const { build } = await load("esbuild");
    await build({
      entryPoints: [entry()],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node18",
      outfile: join(out(), "main.mjs"),
      loader: { ".node": "copy" },
      // The CommonJS code in the bundle needs require().
      banner: { js: REQUIRE },
      logLevel: "error",
    });
    await runElsewhere(out(), "main.mjs");
  });
});

test("webpack copies the binary into the bundle's folder", async () => {
  const { default: webpack } = await load("webpack");
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        mode: "production",
        target: "node18",
        entry: entry(),
        context: user.folder,
        output: { path: out(), filename: "main.mjs", module: true, chunkFormat: "module" },
        node: { __dirname: "node-module" },
        experiments: { outputModule: true },
        resolve: { modules: ["node_modules"] },
        module: {
          parser: { javascript: { commonjsMagicComments: true } },
          rules: [
            {
              test: /\.node$/,
              loader: fileURLToPath(new URL("node-loader.cjs", import.meta.url)),
            },
          ],
        },
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  expect(stats.toJson({ errors: true }).errors).toEqual([]);
  await runElsewhere(out(), "main.mjs");
});

test("rollup makes a bundle that runs beside copies of the native packages", async () => {
  const { rollup } = await load("rollup");
  const { default: resolve } = await load("@rollup/plugin-node-resolve");
  const { default: commonjs } = await load("@rollup/plugin-commonjs");
  const { default: json } = await load("@rollup/plugin-json");
  const bundle = await rollup({
    input: entry(),
    plugins: [resolve({ exportConditions: ["node"], preferBuiltins: true }), json(), commonjs()],
    external: /^(@sendmsg\/|node:)/,
    onLog: () => {},
  });
  // Rollup's CommonJS plugin keeps a require() that may fail, so the bundle needs require().
  await bundle.write({ file: join(out(), "main.mjs"), format: "esm", banner: REQUIRE });
  await bundle.close();
  cpSync(join(user.folder, "node_modules/@sendmsg"), join(out(), "node_modules/@sendmsg"), {
    recursive: true,
  });
  await runElsewhere(out(), "main.mjs");
});

test("ncc copies the binary into the bundle's folder", async () => {
  const { default: ncc } = await load("@vercel/ncc");
  const { code, assets } = await ncc(entry(), { quiet: true, cache: false });
  mkdirSync(out(), { recursive: true });
  writeFileSync(join(out(), "package.json"), '{"type":"module"}');
  writeFileSync(join(out(), "main.mjs"), code);
  for (const [name, { source }] of Object.entries(assets)) {
    mkdirSync(dirname(join(out(), name)), { recursive: true });
    writeFileSync(join(out(), name), source);
  }
  await runElsewhere(out(), "main.mjs");
});

test("nft finds every file that is needed", async () => {
  const { nodeFileTrace } = await load("@vercel/nft");
  const { fileList } = await nodeFileTrace([entry()], { base: user.folder });
  for (const file of fileList) {
    mkdirSync(dirname(join(out(), file)), { recursive: true });
    cpSync(join(user.folder, file), join(out(), file));
  }
  expect([...fileList]).toContain(
    `node_modules/@sendmsg/native-linux-${process.arch}/prebuilds/linux-${process.arch}/sendmsg.node`,
  );
  await runElsewhere(out(), "main.mjs");
});

test.each([process.versions.node.split(".")[0], 24])(
  "a single executable of Node %s finds the binary in its folder",
  async (major) => {
    const node = nodes[major];
    const { build } = await load("esbuild");
    // A single executable runs CommonJS, which has no top-level await. dlopen(3) needs a file, so the binary stays one in the same
    // folder.
    const [imports, body] = PROGRAM.split(/^(?=const \[a, b\])/m);
    await build({
      stdin: {
        contents: `${imports}(async () => {${body}})();`,
        resolveDir: user.folder,
        sourcefile: "main.mjs",
      },
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node18",
      outfile: join(out(), "bundle.cjs"),
      loader: { ".node": "copy" },
      banner: { js: 'require = require("node:module").createRequire(process.execPath);' },
      logLevel: "error",
    });
    user.write(
      "sea.json",
      JSON.stringify({
        main: join(out(), "bundle.cjs"),
        output: join(user.folder, "sea.blob"),
        disableExperimentalSEAWarning: true,
      }),
    );
    await user.run(node, "--experimental-sea-config", "sea.json");
    cpSync(node, join(out(), "program"));
    await user.run(
      process.execPath,
      inToolbox("postject/dist/cli.js"),
      ...[join(out(), "program"), "NODE_SEA_BLOB", join(user.folder, "sea.blob")],
      ...["--sentinel-fuse", "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2"],
    );
    expect(readdirSync(out()).filter((name) => name.endsWith(".node"))).toHaveLength(1);
    await runElsewhere(out(), undefined, join(user.root, "elsewhere/program"));
  },
);
