"use strict";

// Every package is required by a literal name, so that bundlers and tracers find it, inside try, so that they put up with
// the ones that are not installed, and inside a function, so that nothing is loaded before the first call.

const { createRequire } = require("node:module");
const { join } = require("node:path");

// An ESM bundle may have no __dirname.
exports.directory = typeof __dirname === "string" ? __dirname : ".";

exports.packageJson = function packageJson() {
  return require("./package.json");
};

exports.version = function version() {
  return exports.packageJson().version;
};

/** The checksums of the binaries that were published together with this file: made when the package is packed. */
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

/** Where a binary of that target's package would be; undefined in a bundle, or if the package is not installed. */
exports.prebuiltPath = function prebuiltPath(target) {
  try {
    // A bundler would take a name made at run time for all the files that it could mean: it must not see a require here.
    const { resolve } = createRequire(join(exports.directory, "binary.cjs"));
    const manifest = resolve(`@sendmsg/native-${target}/package.json`);
    return join(manifest, "..", "prebuilds", target, "sendmsg.node");
  } catch {
    return undefined;
  }
};

exports.localDirectory = join(exports.directory, "native");

/** A build made on this machine: native/build/Release/sendmsg.node. */
exports.localPath = function localPath() {
  try {
    return { value: require("node-gyp-build").path(exports.localDirectory) };
  } catch (error) {
    return { error };
  }
};

exports.local = function local() {
  try {
    return { value: require("node-gyp-build")(exports.localDirectory) };
  } catch (error) {
    return { error };
  }
};
