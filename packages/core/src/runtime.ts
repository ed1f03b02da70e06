/** The runtimes that are not Node and behave as it does for the most part; docs/runtimes.md says what is different. */
export const isBun = "Bun" in globalThis;
export const isDeno = "Deno" in globalThis;

/** Node runs with `--permission`. */
export const hasPermissionModel = (process as { permission?: object }).permission !== undefined;
