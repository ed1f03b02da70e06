"use strict";

// Each require() has a literal name, so that bundlers and tracers find the package. It is inside try, so that they accept that the
// package is not installed. It is inside a function, so that nothing is loaded before the first call.

const { existsSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");

// Node's loader of CommonJS gives a module its file name, but a bundler does not. We can't use __dirname: in a bundle it is
// missing, or the bundle's own folder, or relative to the current directory (webpack), where a stranger may have put a file. A
// bundle gets its binary from the literal require() below, and we search nowhere.
exports.directory = typeof module.filename === "string" ? dirname(module.filename) : undefined;

/** Like require() of this file. If require() has a variable name, a bundler includes all files that the name could mean. */
const requireHere = () => createRequire(join(exports.directory, "binary.cjs"));

exports.packageJson = function packageJson() {
  return require("./package.json");
};

exports.version = function version() {
  return exports.packageJson().version;
};

/** The code that prints system calls. It is a file of its own, because most programs never need it. */
exports.tracing = function tracing() {
  return require("./dist/tracing.cjs");
};

/** The checksums of the binaries that were published together with this file. tools/pack.mjs writes them. */
exports.published = function published() {
  try {
    return require("./binaries.json");
  } catch {
    return undefined;
  }
};

exports.manifest = function manifest(target) {
  try {
    switch (target) {
      case "linux-x64":
        return { value: require("@sendmsg/native-linux-x64/package.json") };
      case "linux-ia32":
        return { value: require("@sendmsg/native-linux-ia32/package.json") };
      case "linux-arm64":
        return { value: require("@sendmsg/native-linux-arm64/package.json") };
    }
  } catch (error) {
    return { error };
  }
};

exports.prebuilt = function prebuilt(target) {
  try {
    switch (target) {
      case "linux-x64":
        return { value: require("@sendmsg/native-linux-x64") };
      case "linux-ia32":
        return { value: require("@sendmsg/native-linux-ia32") };
      case "linux-arm64":
        return { value: require("@sendmsg/native-linux-arm64") };
    }
  } catch (error) {
    return { error };
  }
};

/** The path of the binary in the target's package. Undefined in a bundle, or if the package is not installed. */
exports.prebuiltPath = function prebuiltPath(target) {
  if (exports.directory === undefined) return undefined;
  try {
    const manifest = requireHere().resolve(`@sendmsg/native-${target}/package.json`);
    return join(manifest, "..", "prebuilds", target, "sendmsg.node");
  } catch {
    return undefined;
  }
};

exports.localDirectory = exports.directory === undefined ? undefined : join(exports.directory, "native");

/**
 * The binary that was built on this machine: native/build/Release/sendmsg.node. Undefined: there is none.
 *
 * We look only there. node-gyp-build would also look in places that the environment names (PREBUILDS_ONLY, npm_config_arch), and
 * beside the runtime's executable.
 */
exports.localPath = function localPath() {
  if (exports.localDirectory === undefined) return undefined;
  const path = join(exports.localDirectory, "build", "Release", "sendmsg.node");
  return existsSync(path) ? path : undefined;
};

exports.local = function local() {
  try {
    return { value: requireHere()(exports.localPath()) };
  } catch (error) {
    return { error };
  }
};
