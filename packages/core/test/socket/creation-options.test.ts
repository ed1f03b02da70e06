import { describe, expect, test } from "vitest";
import { socketpair } from "../../src/index.js";
import { memorySocketpair } from "../../src/testing/index.js";
import { thrown } from "../support/outcome.js";

const anyName = (name: string) => name as never;

describe("the type of a socket", () => {
  test.each([
    ["STREAM", "stream"],
    ["SOCK_DGRAM", "dgram"],
    ["udp", "dgram"],
    ["udp4", "dgram"],
    ["datagram", "dgram"],
    ["tcp", "stream"],
    ["seq_packet", "seqpacket"],
  ])("%s: the error says %s", (given, name) => {
    expect(thrown(() => socketpair(anyName(given))).message).toBe(
      `The "type" argument must be one of stream, seqpacket, dgram, raw. Received "${given}". Did you mean "${name}"?`,
    );
  });

  test("a type that is impossible there is not suggested", () => {
    expect(thrown(() => memorySocketpair(anyName("RAW"))).message).not.toContain("Did you mean");
  });
});
