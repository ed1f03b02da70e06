import { AF_UNIX } from "../../src/constants/index.js";
import { type SocketOptions, socketpair } from "../../src/syscalls/index.js";
import { own } from "../support/owned-descriptors.js";

/** Two connected Unix sockets that the test owns. */
export const pair = (type: number, options: SocketOptions = {}) => own(socketpair(AF_UNIX, type, 0, options));
