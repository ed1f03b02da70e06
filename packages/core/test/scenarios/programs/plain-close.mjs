// Measures how long a plain close(2) of a lingering descriptor takes.
import { close } from "sendmsg/syscalls";
import { lingering } from "./lingering.mjs";

const {
  fds: [fd],
} = lingering(1);
const before = performance.now();
close(fd);
console.log(JSON.stringify({ milliseconds: performance.now() - before }));
