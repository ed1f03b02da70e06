/** What a require gave: the module, or why not. */
export type Loaded<T> = { value: T; error?: undefined } | { value?: undefined; error: unknown };

/** The folder of the `sendmsg` package; undefined in a bundle. */
export const directory: string | undefined;
/** The folder whose build/Release holds a build made on this machine; undefined in a bundle. */
export const localDirectory: string | undefined;
export function packageJson(): { version: string; buildTools: Record<string, string> };
export function version(): string;
/** What src/tracing/traced.ts exports. */
export function tracing(): { traced<Native>(native: Native, print: (line: string) => void): Native };
/** SHA-256 by the native package's name; undefined in a checkout. */
export function published(): Record<string, string> | undefined;
/** The package.json of a target's native package. Undefined: no package for that target exists. */
export function manifest(target: string): Loaded<{ name: string; version: string }> | undefined;
export function prebuilt(target: string): Loaded<unknown> | undefined;
export function prebuiltPath(target: string): string | undefined;
export function localPath(): string | undefined;
export function local(): Loaded<unknown>;
