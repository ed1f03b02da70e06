import { fileURLToPath } from "node:url";
import { createSocket } from "@sendmsg/unix-dgram";
import { expect, it } from "vitest";
import { dist, program } from "./support/program.js";

it("unref() lets the process end, and ref() and the default keep it", async () => {
  expect(await program('required.createSocket("unix_dgram").unref()')).toEqual({ status: 0, printed: "" });
  const kept = `
    const socket = required.createSocket("unix_dgram", (message) => { console.log(String(message)); socket.close(); });
    socket.unref().ref().bind(path);
    console.log("ready");
  `;
  const send = (path: string) => {
    const sender = createSocket("unix_dgram");
    sender.send(Buffer.from("still there"), 0, 11, path);
    sender.close();
  };
  expect(await program(kept, send)).toEqual({ status: 0, printed: "ready\nstill there\n" });
});

it("after an error of a receive, the process runs on, and the socket receives", async () => {
  const body = `
    const socket = required.createSocket("unix_dgram", (message) => { console.log(String(message)); socket.close(); });
    socket.bind(path);
    const core = require("node:url").pathToFileURL(${JSON.stringify(fileURLToPath(new URL("../../core/dist/index.js", import.meta.url)))});
    import(core).then(async ({ Socket }) => {
      const [peer, elsewhere] = [Socket.open({ family: "unix" }), Socket.open({ family: "unix" })];
      peer.bindSync({ path: path + "-peer" });
      elsewhere.bindSync({ path: path + "-elsewhere" });
      const failed = new Promise((resolve) => socket.once("error", resolve));
      socket.connect(path + "-peer");
      await peer.connect({ path });
      socket.send(Buffer.from("unread"));
      await peer.connect({ path: path + "-elsewhere" });
      console.log((await failed).code);
      peer.trySendmsg({ data: "after the error", address: { path } });
      // From now on, only the socket keeps the process.
      await Promise.all([peer.close(), elsewhere.close()]);
    });
  `;
  expect(await program(body)).toEqual({ status: 0, printed: "ECONNRESET\nafter the error\n" });
});

it("an exception of a listener is uncaught, and the next message arrives", async () => {
  const body = `
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const socket = required.createSocket("unix_dgram", (message) => {
      console.log(String(message));
      if (String(message) === "first") throw new Error("in a listener");
      socket.close();
    });
    socket.bind(path);
    const sender = required.createSocket("unix_dgram");
    for (const message of ["first", "second"]) sender.send(Buffer.from(message), 0, message.length, path);
    sender.close();
  `;
  expect(await program(body)).toEqual({
    status: 0,
    printed: "first\nuncaught in a listener\nsecond\n",
  });
});

it("works in worker threads, several at the same time", async () => {
  const body = `
    const { Worker } = require("node:worker_threads");
    let count = 0;
    const socket = required.createSocket("unix_dgram", () => { if (++count === 30) { console.log(count); socket.close(); } });
    socket.bind(path);
    const code = ${JSON.stringify(`
      const { workerData } = require("node:worker_threads");
      const unix = require(workerData.dist);
      const socket = unix.createSocket("unix_dgram");
      socket.connect(workerData.path);
      let left = 10;
      const send = () => socket.send(Buffer.from("x"), (error) => {
        if (error) socket.once("writable", send);
        else if (--left > 0) send();
        else socket.close();
      });
      send();
    `)};
    for (let i = 0; i < 3; i++) new Worker(code, { eval: true, workerData: { dist: ${JSON.stringify(dist)}, path: path } });
  `;
  expect(await program(body)).toEqual({ status: 0, printed: "30\n" });
});
