import { describe, expect } from "vitest";
import {
  AF_INET,
  SOCK_STREAM,
  SOL_TCP,
  SOL_TLS,
  TCP_ULP,
  TLS_1_2_VERSION,
  TLS_CIPHER_AES_GCM_128,
  TLS_RX,
  TLS_TX,
} from "../../src/constants/index.js";
import type { SystemError } from "../../src/errors.js";
import { close, setsockopt, socket } from "../../src/syscalls/index.js";
import { next, tcp } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { type Missing, proves } from "./proves.js";

/** RFC 8446. */
const ALERT = 21;
const APPLICATION_DATA = 23;
const WARNING_CLOSE_NOTIFY = Buffer.from([1, 0]);

/** Without a connection, a kernel that has kTLS refuses with ENOTCONN. */
function tls(): Missing {
  const fd = socket(AF_INET, SOCK_STREAM);
  try {
    setsockopt(fd, SOL_TCP, TCP_ULP, Buffer.from("tls"));
    return undefined;
  } catch (error) {
    const { code } = error as SystemError;
    return code === "ENOTCONN" ? undefined : `this kernel has no kTLS: setsockopt() says ${code}`;
  } finally {
    close(fd);
  }
}

/** struct tls12_crypto_info_aes_gcm_128: version, cipher; then 8 bytes of IV, 16 of key, 4 of salt, 8 of sequence number. */
function cryptoInfo(): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt16LE(TLS_1_2_VERSION, 0);
  bytes.writeUInt16LE(TLS_CIPHER_AES_GCM_128, 2);
  bytes.fill(7, 12, 28);
  return bytes;
}

describe("SOL_TLS", () => {
  proves(["tlsSetRecordType"], "send", tls(), () => exchange());
  proves(["tlsGetRecordType"], "receive", tls(), () => exchange());

  async function exchange(): Promise<void> {
    const [client, server] = await tcp();
    for (const { fd } of [client, server]) setsockopt(fd, SOL_TCP, TCP_ULP, Buffer.from("tls"));
    setsockopt(client.fd, SOL_TLS, TLS_TX, cryptoInfo());
    setsockopt(server.fd, SOL_TLS, TLS_RX, cryptoInfo());
    // The option can be read, and has the number of the next record.
    for (const keys of [client.options.get("tlsTx"), server.options.get("tlsRx")]) {
      expect(keys).toMatchObject({ version: TLS_1_2_VERSION, cipher: TLS_CIPHER_AES_GCM_128 });
      expect([...keys.key]).toEqual(Array.from({ length: 16 }, () => 7));
    }
    await client.sendmsg({ data: "an ordinary record" });
    const ordinary = await next(server);
    expect(ordinary.data.toString()).toBe("an ordinary record");
    expect(valueIn(ordinary, "tlsGetRecordType")).toBe(APPLICATION_DATA);
    const control = [{ name: "tlsSetRecordType", value: ALERT }] as const;
    await client.sendmsg({ data: WARNING_CLOSE_NOTIFY, control });
    const alert = await next(server);
    expect([...alert.data]).toEqual([...WARNING_CLOSE_NOTIFY]);
    expect(valueIn(alert, "tlsGetRecordType")).toBe(ALERT);
  }
});
