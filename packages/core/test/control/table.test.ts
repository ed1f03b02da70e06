import { describe, expect, test } from "vitest";
import { encodeControl } from "../../src/control/index.js";
import { controlTable } from "../../src/control/table.js";
import { socketpair } from "../../src/index.js";
import { thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";

const anyName = (name: string) => name as never;

describe("the name of a control message in another spelling", () => {
  test.each([
    ["SCM_CREDENTIALS", "credentials"],
    ["credential", "credentials"],
    ["IP_PKTINFO", "ipPktInfo"],
    ["ipPktinfo", "ipPktInfo"],
    ["pktinfo", "ipPktInfo"],
    ["ttl", "ipTtl"],
    ["SO_PASSCRED", "credentials"],
    ["passCred", "credentials"],
  ])("%s: the errors say %s", (given, name) => {
    expect(thrown(() => socketpair("stream", { receive: [anyName(given)] }))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "options.receive[0]",
      message:
        'The "options.receive[0]" argument must be a control message that can be switched on. ' +
        `Received ${`type string (${JSON.stringify(given)})`}. Did you mean "${name}"?`,
    });
    expect(thrown(() => encodeControl([{ name: anyName(given), value: 1 as never }])).message).toBe(
      `The "control[0].name" argument is not the name of a control message: "${given}". Did you mean "${name}"?`,
    );
  });

  test("receive() says the same, also of a switch, and even if it is undefined", () =>
    withPair("dgram", (a) => {
      for (const change of ["credential", { credential: true }, { credential: undefined }]) {
        expect(thrown(() => a.receive(change as never)).message).toContain('Did you mean "credentials"?');
      }
    }));

  test("descriptors need no switch", () => {
    for (const name of ["rights", "SCM_RIGHTS"]) {
      expect(thrown(() => socketpair("stream", { receive: [anyName(name)] })).message).toBe(
        'The "options.receive[0]" argument must be a control message that can be switched on. ' +
          `Received type string (${JSON.stringify(name)}). Descriptors need no switch: give maxFds`,
      );
    }
  });

  test("each constant of the kernel's leads to a message that has it", () => {
    for (const { constant } of Object.values(controlTable())) {
      const { message } = thrown(() => encodeControl([{ name: anyName(constant), value: 1 as never }]));
      const [, name] = /Did you mean "(\w+)"\?$/.exec(message) ?? [];
      expect(controlTable()[name as keyof ReturnType<typeof controlTable>]?.constant).toBe(constant);
    }
  });
});
