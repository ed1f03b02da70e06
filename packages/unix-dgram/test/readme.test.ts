import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { program } from "./support/program.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("the README's program does what it says", async () => {
  const [, code] = /^```js\n([\s\S]*?)^```/m.exec(readme)!;
  const ours = code!.replace('require("@sendmsg/unix-dgram")', "required");
  expect(ours).not.toBe(code);
  const { status, printed } = await program(ours.replace('const path = "/tmp/server.sock";', ""));
  expect({ status, printed }).toEqual({ status: 0, printed: "hello from null\n" });
});
