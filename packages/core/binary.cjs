"use strict";

// Every package is required by a literal name, so that bundlers and tracers find it, inside try, so that they put up with
// the ones that are not installed, and inside a function, so that nothing is loaded before the first call.

const { existsSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");

// A loader of CommonJS tells a module its file; a bundler does not. __dirname would be no help: in a bundle it is missing, or the
// bundle's own folder, or relative to the current directory (webpack), where a stranger's file may lie. A bundle has its binary
// by the literal require() below, and nothing is searched for.
exports.directory = typeof module.filename === "string" ? dirname(module.filename) : undefined;

/** Requires as this file does. A bundler would take a name made at run time for all the files that it could mean. */
const requireHere = () => createRequire(join(exports.directory, "binary.cjs"));

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
  if (exports.directory === undefined) return undefined;
  try {
    const manifest = requireHere().resolve(`@sendmsg/native-${target}/package.json`);
    return join(manifest, "..", "prebuilds", target, "sendmsg.node");
  } catch {
    return undefined;
  }
};

exports.localDirectory = exports.directory === undefined ? undefined : join(exports.directory, "native");

// One literal place. node-gyp-build would look into others, too, as the environment says (PREBUILDS_ONLY, npm_config_arch), and
// beside the runtime's executable.
/** A build made on this machine: native/build/Release/sendmsg.node. Undefined: there is none. */
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
