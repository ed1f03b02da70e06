import { util } from "./builtins.js";

/** Prints a line to stderr, with NODE_DEBUG=sendmsg in the environment. See util.debuglog(). */
export const debugLog = util().debuglog("sendmsg");

/** Whether NODE_DEBUG has "sendmsg" in it. Bun and Deno don't say. */
export const isDebugging: boolean = debugLog.enabled === true;
