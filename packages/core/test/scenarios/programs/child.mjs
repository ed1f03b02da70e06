// child.mjs IN OUT FILE: answers each message on socket IN, on socket OUT, with a descriptor of FILE and what it read from the
// descriptor that came. Ends with 0 after "leave", and with 3 at the end of the stream. All programs child.* do this.
import { Socket } from "../../../dist/index.js";
import { closeSync, openSync, readSync } from "../../support/files.mjs";

const [inside, outside, file] = process.argv.slice(2);
const socket = Socket.from(Number(inside), { maxFds: 1 });
const answers = inside === outside ? socket : Socket.from(Number(outside));
for await (const message of socket) {
  if (String(message.data) === "leave") process.exit(0);
  const [taken] = message.takeFds();
  const bytes = Buffer.alloc(100);
  const said = bytes.toString("utf8", 0, readSync(taken.fd, bytes, 0, bytes.length, 0));
  taken.close();
  const fd = openSync(file, "r");
  await answers.sendmsg({ data: `read: ${said}`, fds: [fd] });
  closeSync(fd);
}
process.exit(3);
