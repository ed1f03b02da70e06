// What webpack's documentation has node-loader for, in a few lines: a binary becomes a file beside the bundle.
const { basename } = require("node:path");

module.exports = function binary(content) {
  const name = basename(this.resourcePath);
  this.emitFile(name, content);
  return `process.dlopen(module, require("node:path").join(__dirname, ${JSON.stringify(name)}));`;
};
module.exports.raw = true;
