import { createCipheriv } from "node:crypto";
import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_ALG,
  ALG_OP_DECRYPT,
  ALG_OP_ENCRYPT,
  ALG_SET_AEAD_AUTHSIZE,
  ALG_SET_KEY,
  SOCK_SEQPACKET,
  SOL_ALG,
} from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { accept4, bind, close, setsockopt, socket } from "../../src/syscalls/index.js";
import { own, ownFd } from "../support/closing.js";
import { next } from "../support/sockets.js";
import { sockets } from "./missing.js";
import { type Missing, proves } from "./proves.js";

const KEY = Buffer.alloc(16, 1);

/** The reason if AF_ALG lacks an algorithm. */
function algorithm(type: string, name: string): Missing {
  const missing = sockets("AF_ALG", AF_ALG, SOCK_SEQPACKET);
  if (missing !== undefined) return missing;
  const fd = socket(AF_ALG, SOCK_SEQPACKET);
  try {
    bind(fd, encodeAddress({ family: "alg", type, name }));
    return undefined;
  } catch {
    return `this kernel has no ${name} for programs`;
  } finally {
    close(fd);
  }
}

/** A socket that encrypts and decrypts. accept(2) makes it from the socket that has the key. */
function cipher(type: string, name: string, prepare: (fd: number) => void = () => {}): Socket {
  const fd = ownFd(socket(AF_ALG, SOCK_SEQPACKET));
  bind(fd, encodeAddress({ family: "alg", type, name }));
  setsockopt(fd, SOL_ALG, ALG_SET_KEY, KEY);
  prepare(fd);
  return own(Socket.from(accept4(fd).fd));
}

describe("SOL_ALG", () => {
  proves(["algSetIv", "algSetOp"], "send", algorithm("skcipher", "cbc(aes)"), async () => {
    const iv = Buffer.alloc(16, 2);
    const plain = Buffer.from("sixteen bytes ok");
    const socket = cipher("skcipher", "cbc(aes)");
    const through = async (data: Buffer, value: number) => {
      await socket.sendmsg({
        data,
        control: [
          { name: "algSetOp", value },
          { name: "algSetIv", value: iv },
        ],
      });
      return (await next(socket, { size: 16 })).data;
    };
    const encrypted = await through(plain, ALG_OP_ENCRYPT);
    const node = createCipheriv("aes-128-cbc", KEY, iv).setAutoPadding(false);
    expect(encrypted.equals(Buffer.concat([node.update(plain), node.final()]))).toBe(true);
    expect((await through(Buffer.from(encrypted), ALG_OP_DECRYPT)).equals(plain)).toBe(true);
  });

  proves("algSetAeadAssocLen", "send", algorithm("aead", "gcm(aes)"), async () => {
    const [iv, head, plain] = [Buffer.alloc(12, 3), Buffer.from("not a secret"), Buffer.from("a secret")];
    const TAG = 16;
    const socket = cipher("aead", "gcm(aes)", (fd) =>
      // The kernel reads only the option's length, not its value.
      setsockopt(fd, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, new Uint8Array(TAG)),
    );
    await socket.sendmsg({
      data: [head, plain],
      control: [
        { name: "algSetOp", value: ALG_OP_ENCRYPT },
        { name: "algSetIv", value: iv },
        { name: "algSetAeadAssocLen", value: head.length },
      ],
    });
    const { data } = await next(socket, { size: head.length + plain.length + TAG });
    const node = createCipheriv("aes-128-gcm", KEY, iv).setAAD(head);
    const expected = Buffer.concat([node.update(plain), node.final(), node.getAuthTag()]);
    expect(data.subarray(head.length).equals(expected)).toBe(true);
  });
});
