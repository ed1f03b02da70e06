import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";

test("a listener in memory keeps the process alive while it waits out a lack of descriptors", async () => {
  const dist = await compiled();
  const TESTING = pathToFileURL(join(dist, "testing/index.js")).href;
  const source = `
    const { MemoryListener } = await import(process.env.TESTING);
    const listener = new MemoryListener();
    for (let i = 0; i < 4; i++) listener.failNext("accept", "EMFILE");
    await listener.connect();
    const socket = await listener.accept();
    console.log(socket.closed);`;
  expect(run(dist, source, { env: { TESTING } })).toBe("false");
});
