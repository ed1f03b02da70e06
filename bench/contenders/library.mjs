import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const other = process.env.SENDMSG_BENCH_CHECKOUT;

/** Imports an entry point of the library: of this checkout, or of the one in SENDMSG_BENCH_CHECKOUT. */
export function library(entry = "sendmsg") {
  if (!other) return import(entry);
  return import(createRequire(join(resolve(other), "packages/core/package.json")).resolve(entry));
}
