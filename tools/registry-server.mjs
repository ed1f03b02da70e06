// The process that tools/registry.mjs starts: node registry-server.mjs TOOLBOX CONFIGURATION
// It tells its parent the port, which the kernel chooses. It ends when its parent ends.
import { createRequire } from "node:module";
import { join } from "node:path";

const [toolbox, configuration] = process.argv.slice(2);
const { runServer } = createRequire(join(toolbox, "package.json"))("verdaccio");
const server = await runServer(configuration);
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
