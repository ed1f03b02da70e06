import { describe, expect, test } from "vitest";
import { familyNumber } from "../../src/address/family.js";
import type { ControlEntry } from "../../src/control/entry.js";
import {
  CMSG_ALIGN,
  CMSG_LEN,
  CMSG_SPACE,
  type ControlName,
  controlMessages,
  decodeControl,
  encodeControl,
  type Layout,
} from "../../src/control/index.js";
import { compilerMissing, runC } from "../support/c-compiler.js";
import { PRELUDE, type Sample, samples } from "./samples.js";

const PRINT = `
static void print(const void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
  printf("\\n");
}
static _Alignas(16) unsigned char buffer[65536];
static struct msghdr header = { .msg_control = buffer };
static size_t used;
static struct cmsghdr *last;
static void add(int level, int type, const void *payload, size_t length) {
  used += CMSG_SPACE(length);
  header.msg_controllen = used;
  struct cmsghdr *item = last ? CMSG_NXTHDR(&header, last) : CMSG_FIRSTHDR(&header);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(item), payload, length);
  last = item;
}
`;

const constantOf = (name: ControlName) => controlMessages[name].constant;

/** C statements that add one sample to the buffer. */
function adding({ message, level, c, length = "sizeof p" }: Sample): string {
  return `{ ${c} add(${level}, ${constantOf(message.name)}, &p, ${length}); }`;
}

/** A C program that prints a line for each sample's control buffer, and then one for all samples in one buffer. */
function controlProgram(): string {
  const each = samples.map(
    (sample) =>
      `  last = 0; used = 0; memset(buffer, 0, sizeof buffer); ${adding(sample)} print(buffer, used);`,
  );
  const all = samples.map((sample) => `  ${adding(sample)}`);
  return `${PRELUDE}${PRINT}int main(void) {\n${each.join("\n")}\n  last = 0; used = 0; memset(buffer, 0, sizeof buffer);\n${all.join("\n")}\n  print(buffer, used);\n  return 0;\n}\n`;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const familyOf = (name: ControlName) => {
  const [family] = (controlMessages[name] as ControlEntry).families ?? [];
  return family === undefined ? undefined : familyNumber(family);
};

describe("against C", () => {
  test("every message has a sample", () => {
    const sampled = new Set(samples.map(({ message }) => message.name));
    expect(Object.keys(controlMessages).filter((name) => !sampled.has(name as ControlName))).toEqual([]);
  });

  for (const layout of ["64", "32"] as const satisfies readonly Layout[]) {
    const missing = compilerMissing(layout);
    const describeIt = missing === undefined ? describe : describe.skip;
    describeIt(`the ${layout}-bit layout${missing ? ` (skipped: ${missing})` : ""}`, () => {
      test("CMSG_ALIGN, CMSG_LEN and CMSG_SPACE give the values of C", () => {
        const lines = runC(
          `${PRELUDE}int main(void) { for (int n = 0; n < 70; n++) printf("%zu %zu %zu\\n", (size_t)CMSG_ALIGN(n), (size_t)CMSG_LEN(n), (size_t)CMSG_SPACE(n)); }`,
          layout,
        );
        expect(lines).toHaveLength(70);
        lines.forEach((line, n) => {
          expect(`${CMSG_ALIGN(n, layout)} ${CMSG_LEN(n, layout)} ${CMSG_SPACE(n, layout)}`).toBe(line);
        });
      });

      test("every message has the bytes that C makes, both ways", () => {
        const lines = runC(controlProgram(), layout);
        expect(lines).toHaveLength(samples.length + 1);
        samples.forEach(({ message }, i) => {
          expect(`${message.name} ${hex(encodeControl([message], { layout }))}`).toBe(
            `${message.name} ${lines[i]}`,
          );
          expect(
            decodeControl(Buffer.from(lines[i]!, "hex"), { layout, family: familyOf(message.name) }),
          ).toEqual([message]);
        });
        // All samples in one buffer show the padding between them, too.
        expect(
          hex(
            encodeControl(
              samples.map(({ message }) => message),
              { layout },
            ),
          ),
        ).toBe(lines.at(-1));
      });
    });
  }
});
