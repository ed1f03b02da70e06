export { closeSync, fchmodSync, fchownSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
