// The process of tools/registry.mjs: node registry-server.mjs TOOLBOX CONFIGURATION
// Tells its parent the port, which the kernel chooses, and ends with it.
import { createRequire } from "node:module";
import { join } from "node:path";

const [toolbox, configuration] = process.argv.slice(2);
const { runServer } = createRequire(join(toolbox, "package.json"))("verdaccio");
const server = await runServer(configuration);
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
