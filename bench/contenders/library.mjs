import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const other = process.env.SENDMSG_BENCH_CHECKOUT;

const from = other ? join(resolve(other), "packages/core/package.json") : import.meta.url;

/** Where an entry point of the library is: of this checkout, or of the one in SENDMSG_BENCH_CHECKOUT. */
export const located = (entry) => createRequire(from).resolve(entry);

/** Imports an entry point of the library. */
export const library = (entry = "sendmsg") => import(located(entry));
