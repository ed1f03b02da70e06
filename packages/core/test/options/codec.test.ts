import { describe, expect, test } from "vitest";
import { encodeOption } from "../../src/options/index.js";
import { optionTable } from "../../src/options/table.js";
import { thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";

const anyName = (name: string) => name as never;

describe("the name of a socket option in another spelling", () => {
  test.each([
    ["rcvbuf", "rcvBuf"],
    ["SO_RCVBUF", "rcvBuf"],
    ["so_rcvbuf", "rcvBuf"],
    ["RCVBUF", "rcvBuf"],
    ["rcvBuff", "rcvBuf"],
    ["TCP_NODELAY", "tcpNoDelay"],
    ["nodelay", "tcpNoDelay"],
    ["noDelay", "tcpNoDelay"],
    ["IPV6_V6ONLY", "ipv6V6Only"],
    ["reuseaddr", "reuseAddr"],
    ["SO_KEEPALIVE", "keepAlive"],
  ])("%s: the error says %s", (given, name) => {
    expect(thrown(() => encodeOption(anyName(given), 1 as never))).toMatchObject({
      name: "TypeError",
      code: "ERR_INVALID_ARG_VALUE",
      argument: "name",
      message: `The "name" argument is not the name of a socket option: "${given}". Did you mean "${name}"?`,
    });
  });

  test("get() and set() say the same", () =>
    withPair("stream", (a) => {
      for (const call of [
        () => a.options.get(anyName("rcvbuf")),
        () => a.options.set(anyName("rcvbuf"), 1 as never),
      ])
        expect(thrown(call).message).toContain('Did you mean "rcvBuf"?');
    }));

  test("each constant of the kernel's leads to the option that has it", () => {
    for (const { constant } of Object.values(optionTable())) {
      const { message } = thrown(() => encodeOption(anyName(constant), 1 as never));
      const [, name] = /Did you mean "(\w+)"\?$/.exec(message) ?? [];
      expect(optionTable()[name as keyof ReturnType<typeof optionTable>]?.constant).toBe(constant);
    }
  });

  test("a name that is near to none gets no suggestion", () => {
    expect(thrown(() => encodeOption(anyName("nonsenseAndMore"), 1 as never)).message).toBe(
      'The "name" argument is not the name of a socket option: "nonsenseAndMore"',
    );
  });
});

test("an address in place of an interface, as node:dgram's addMembership() takes it, is an error that says what to give", () => {
  const membership = { group: "224.0.0.114", interface: "127.0.0.1" };
  expect(thrown(() => encodeOption("ipAddMembership", membership))).toMatchObject({
    code: "ERR_INVALID_ARG_VALUE",
    argument: "value.interface",
    message:
      'The "value.interface" argument names no network interface: "127.0.0.1". ' +
      "Give the interface's name or number, not an address",
  });
});
