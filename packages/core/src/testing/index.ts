/**
 * Sockets in memory, for tests of code that uses sendmsg. They work on any platform, because they load no native code.
 *
 * @module
 */
export type { MemorySocketType } from "./channel.js";
export {
  FakeDescriptor,
  type OpenDescriptor,
  openDescriptors,
  resetOpenDescriptors,
} from "./fake-descriptor.js";
export { MemoryListener, type MemoryListenerOptions } from "./memory-listener.js";
export { MemorySocket, type MemorySocketOptions, memorySocketpair } from "./memory-socket.js";
