// An HTTP server that takes over from the one that is running, if there is one, and later hands over to the next.
//
//   node server.mjs NAME CONTROL_PATH LOG_PATH
//
// What passes from process to process are the listening socket and the open log file themselves, over a Unix socket. Nobody
// stops listening in between: connections that arrive meanwhile wait in the kernel for whoever accepts first.
import { once } from "node:events";
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { Server as NetServer } from "node:net";
import { Listener, Socket } from "sendmsg";

const [name, controlPath, logPath] = process.argv.slice(2);

let log; // a descriptor number
const server = createServer((request, response) => {
  writeSync(log, `${name} ${request.url}\n`);
  response.setHeader("connection", "close");
  response.end(name);
});

// Somebody to take over from?
const predecessor = await Socket.connect({ path: controlPath }).catch((error) => {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return undefined;
  throw error;
});

if (predecessor) {
  const message = await predecessor.recvmsg({ maxFds: 2 });
  const [listening, logFile] = message.takeFds();
  listening.handOver((fd) => server.listen({ fd }));
  await once(server, "listening");
  log = logFile.detach();
  // Only now does the predecessor stop accepting.
  await predecessor.sendmsg({ data: "ready" });
  await predecessor.recvmsg(); // it is done with the control path: the end of the stream
  await predecessor.close();
  report({ tookOver: JSON.parse(String(message.data)) });
} else {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  log = openSync(logPath, "a");
  report({ port: server.address().port });
}

// From now on a successor may ask. Nobody else may: the path has its permissions before anyone can connect.
const control = await Listener.listen({ path: controlPath }, { mode: 0o600, unlink: "stale" });
process.once("SIGTERM", () => {
  control.close();
  server.close();
});

for await (const successor of control) {
  if (await handOver(successor)) {
    // Stops accepting here; requests on connections that were accepted are answered. From Node 26 on, http.Server's own close()
    // would end the connections whose request has not come yet.
    NetServer.prototype.close.call(server);
    await control.close();
    await successor.close();
    break;
  }
  await successor.close(); // it failed to start: go on serving
}

/** Whether the successor serves now. One that dies meanwhile (EPIPE, ECONNRESET) must not take this server with it. */
async function handOver(successor) {
  const data = JSON.stringify({ from: process.pid, address: server.address() });
  try {
    await successor.sendmsg({ data, fds: [server, log] });
    return String((await successor.recvmsg()).data) === "ready";
  } catch (error) {
    console.error(`${name}: the handover failed: ${error.message}`);
    return false;
  }
}

function report(facts) {
  process.send?.({ name, pid: process.pid, ...facts });
}
