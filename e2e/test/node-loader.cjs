// What webpack's documentation has node-loader for, in three lines: a binary becomes a file beside the bundle.
const { readFileSync } = require("node:fs");
const { basename } = require("node:path");

module.exports = function binary() {
  const name = basename(this.resourcePath);
  this.emitFile(name, readFileSync(this.resourcePath));
  return `import { createRequire } from "node:module"; export default createRequire(import.meta.url)("./${name}");`;
};
module.exports.raw = true;
