/** Runtimes that are not Node, but mostly behave like Node. docs/runtimes.md lists the differences. */
export const isBun = "Bun" in globalThis;
export const isDeno = "Deno" in globalThis;

/** Whether Node runs with `--permission`. */
export const hasPermissionModel = (process as { permission?: object }).permission !== undefined;
