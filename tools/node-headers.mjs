// Where node-gyp finds Node's headers.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** If the headers are installed beside this Node, node-gyp need not download them. Returns the environment that says so. */
export function withNodeHeaders(environment) {
  if (environment.npm_config_nodedir) return environment;
  const prefix = dirname(dirname(process.execPath));
  if (!existsSync(join(prefix, "include/node/uv.h"))) return environment;
  return { ...environment, npm_config_nodedir: prefix };
}
