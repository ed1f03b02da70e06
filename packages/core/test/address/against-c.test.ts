import { describe, expect, test } from "vitest";
import { codecs } from "../../src/address/codecs.js";
import { familyNumber } from "../../src/address/family.js";
import { type AddressFamilyName, decodeAddress, encodeAddress } from "../../src/address/index.js";
import { compilerMissing, runC } from "../support/c-compiler.js";
import { PRELUDE, samples } from "./samples.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const program = `${PRELUDE}
static void print(const void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
  printf("\\n");
}
int main(void) {
${samples.map(({ c, length = "sizeof p" }) => `  { ${c} print(&p, ${length}); }`).join("\n")}
}
`;

describe("addresses against C", () => {
  test("every family has a sample", () => {
    const names = samples.map(({ address }) => address.family as string);
    expect(Object.keys(codecs).filter((family) => !names.includes(family))).toEqual([]);
  });

  test("each codec is of the family that its name stands for", () => {
    for (const [name, { family }] of Object.entries(codecs)) {
      expect(`${name} ${family}`).toBe(`${name} ${familyNumber(name as AddressFamilyName)}`);
    }
  });

  for (const layout of ["64", "32"] as const) {
    const missing = compilerMissing(layout);
    test.skipIf(missing !== undefined)(
      `${layout}-bit: every sockaddr's bytes are C's, both ways${missing ? ` (skipped: ${missing})` : ""}`,
      () => {
        const lines = runC(program, layout);
        expect(lines).toHaveLength(samples.length);
        samples.forEach(({ address }, i) => {
          expect(`${address.family} ${hex(encodeAddress(address))}`).toBe(`${address.family} ${lines[i]}`);
          expect(decodeAddress(Buffer.from(lines[i]!, "hex"))).toEqual(address);
        });
      },
    );
  }
});
