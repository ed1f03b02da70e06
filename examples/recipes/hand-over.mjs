// Hands TCP connections over to another process, which answers them. The first process may end meanwhile.
// examples/handover hands over a listening socket, too.
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { Listener, Socket, socketpairForChild } from "sendmsg";

if (process.argv[2] === "child") {
  const channel = Socket.from(3);
  for await (const message of channel.messages({ maxFds: 1 })) {
    const [connection] = message.takeFds();
    const socket = connection.handOver((fd) => new net.Socket({ fd })); // from here on, Node owns it
    socket.end(`"${message.data}" is answered by the other process`);
  }
} else {
  const [channel, end] = socketpairForChild("seqpacket");
  const child = spawn(process.execPath, [process.argv[1], "child"], {
    stdio: ["ignore", "inherit", "inherit", end.fd],
  });
  end.close();

  const listener = await Listener.listen({ address: "127.0.0.1", port: 0 });
  const client = net.connect(listener.getsockname().port, "127.0.0.1");
  client.write("hello");

  const connection = await listener.accept();
  const { data } = await connection.recvmsg(); // the other process does not see these bytes: pass them along
  await channel.sendmsg({ data, fds: [connection] });
  await connection.close(); // the other process has a descriptor of its own

  for await (const answer of client) console.log(`${answer}`);
  await Promise.all([listener.close(), channel.close()]); // the child's loop ends
  await once(child, "exit");
}
