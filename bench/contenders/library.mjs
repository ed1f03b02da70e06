import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const other = process.env.SENDMSG_BENCH_CHECKOUT;

const from = other ? join(resolve(other), "packages/core/package.json") : import.meta.url;

/** The path of an entry point of the library, in this checkout or in the one that SENDMSG_BENCH_CHECKOUT names. */
export const located = (entry) => createRequire(from).resolve(entry);

/** Imports an entry point of the library. */
export const library = (entry = "sendmsg") => import(located(entry));
