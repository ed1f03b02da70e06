// A server on a Unix socket that serves only its own user. The kernel says who connected: nobody can lie about that.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Listener, Socket } from "sendmsg";

const directory = await mkdtemp(join(tmpdir(), "recipe-"));
const path = join(directory, "socket");
// Two checks are better than one: mode 0o600 lets no other user connect in the first place.
const listener = await Listener.listen({ path }, { mode: 0o600, allow: { uid: process.getuid() } });

async function serve(peer) {
  try {
    const { pid } = peer.getPeerCredentials();
    await peer.sendmsg({ data: `hello, ${pid === process.pid ? "my own process" : `process ${pid}`}` });
  } finally {
    await peer.close();
  }
}

const client = await Socket.connect({ path });
try {
  await Promise.all([
    serve(await listener.accept()),
    client.recvmsg().then(({ data }) => console.log(`${data}`)),
  ]);
} finally {
  await Promise.all([client.close(), listener.close()]);
  await rm(directory, { recursive: true });
}
