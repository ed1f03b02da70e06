// Receives and sends up to 64 datagrams with one system call, without blocking the event loop.
import { Socket } from "sendmsg";
import { decodeAddress } from "sendmsg/address";
import { recvmmsg, sendmmsg } from "sendmsg/syscalls";

const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 });
receiver.options.set("rcvBuf", 1 << 20);
// The memory is used again for each batch. Copy what you keep.
const memory = Array.from({ length: 64 }, () => ({ buffers: Buffer.alloc(2048) }));
// To offer memory costs time, whether or not a datagram uses it. So offer about as much as was used last time.
let offered = 1;

/** Calls `handle(data, address)` for each datagram that is there. Waits for the first one. */
async function receiveBatch(handle) {
  const buffers = memory[0].buffers;
  let message = await receiver.recvmsg({ buffers });
  handle(message.data, message.address);
  message = receiver.tryRecvmsg({ buffers });
  if (message === undefined) return; // it came alone
  handle(message.data, message.address);
  try {
    const results = recvmmsg(receiver.fd, memory.slice(0, offered));
    results.forEach(({ bytes, address }, i) => {
      handle(memory[i].buffers.subarray(0, bytes), decodeAddress(address));
    });
    offered = results.length < offered ? results.length : Math.min(2 * offered, memory.length);
  } catch (error) {
    if (error.code !== "EAGAIN") throw error; // there were just two
    offered = 1;
  }
}

/** Sends all messages in order. */
async function sendBatches(socket, messages) {
  for (let sent = 0; sent < messages.length; ) {
    // This one waits for room if there is none.
    await socket.sendmsg(messages[sent++]);
    const rest = messages.slice(sent, sent + 64);
    try {
      if (rest.length > 0) sent += sendmmsg(socket.fd, rest);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
try {
  const messages = Array.from({ length: 200 }, (_, i) => ({ data: Buffer.from(`datagram ${i}`) }));
  const sending = sendBatches(sender, messages);
  const from = new Set();
  let received = 0;
  while (received < messages.length) {
    await receiveBatch((data, { address }) => {
      if (`${data}` !== `datagram ${received++}`) throw new Error("out of order");
      from.add(address);
    });
  }
  await sending;
  console.log(`${received} datagrams from ${[...from]}`);
} finally {
  await Promise.all([receiver.close(), sender.close()]);
}
