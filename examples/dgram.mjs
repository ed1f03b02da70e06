// Datagrams, addressed: one socket answers whoever writes to it. On Unix paths, where a datagram can bring descriptors, and
// on UDP with both versions of IP.
//
//   node examples/dgram.mjs
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Socket } from "sendmsg";

/** Tells each sender what has arrived, until the signal ends the wait. */
async function serve(server, signal) {
  try {
    for await (const message of server.messages({ signal })) {
      try {
        const { data, fds, address } = message;
        await server.sendmsg({ data: `${data.length} bytes, descriptors: ${fds.length}`, address });
      } finally {
        message[Symbol.dispose](); // closes the descriptors
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

/** A server at one address and a client at another, which sends the messages. */
async function exchange(serverAt, clientAt, messages) {
  const server = await Socket.bind(serverAt, { type: "dgram", maxFds: 1 });
  const end = new AbortController();
  const serving = serve(server, end.signal);
  try {
    const client = await Socket.bind(clientAt, { type: "dgram" });
    try {
      const address = server.getsockname(); // with the port that the kernel chose
      for (const message of messages) {
        await client.sendmsg({ ...message, address });
        // Datagrams can get lost: no answer within five seconds is an error here.
        const answer = await client.recvmsg({ signal: AbortSignal.timeout(5000) });
        console.log(`${print(answer.address)} got ${answer.data}`);
      }
    } finally {
      await client.close();
    }
  } finally {
    end.abort();
    await serving;
    await server.close();
  }
}

const print = ({ path, address, port }) => path ?? `${address} port ${port}`;

const directory = await mkdtemp(join(tmpdir(), "sendmsg-example-"));
const file = await open(new URL(import.meta.url));
try {
  await exchange({ path: join(directory, "server") }, { path: join(directory, "client") }, [
    { data: "hello" },
    { data: "" }, // an empty datagram is a message, too
    { data: "a file", fds: [file] },
    { data: Buffer.alloc(100_000) }, // longer than any UDP datagram: received whole
  ]);
  for (const at of [
    { family: "ipv4", address: "127.0.0.1", port: 0 },
    { family: "ipv6", address: "::1", port: 0 },
  ]) {
    try {
      await exchange(at, at, [{ data: "hello" }, { data: ["several ", Buffer.from("pieces")] }]);
    } catch (error) {
      if (error.code !== "EADDRNOTAVAIL" && error.code !== "EAFNOSUPPORT") throw error;
      console.log(`there is no ${at.family} on this machine`);
    }
  }
} finally {
  await file.close();
  await rm(directory, { recursive: true });
}
