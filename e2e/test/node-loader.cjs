// A loader for webpack. Like node-loader, which webpack's documentation names, it copies the binary into the bundle's folder.
const { basename } = require("node:path");

module.exports = function binary(content) {
  const name = basename(this.resourcePath);
  this.emitFile(name, content);
  return `process.dlopen(module, require("node:path").join(__dirname, ${JSON.stringify(name)}));`;
};
module.exports.raw = true;
