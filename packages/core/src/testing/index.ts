/**
 * Sockets in memory, for testing code that uses sendmsg on any platform: no native code is loaded.
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
