import { join } from "node:path";
import { temporaryDirectory } from "./temporary-directory.js";

let last = 0;

/** A path that nothing has yet, in a directory that is gone when the file's tests have ended. */
export const freshPath = (): string => join(temporaryDirectory(), `${++last}.sock`);

/** An abstract name that nobody else has. */
export const freshName = (): string => `sendmsg-test-${process.pid}-${++last}`;
