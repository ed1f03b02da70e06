/**
 * UDP sockets whose packets have all that their headers say: ECN, destination, interface, hop limit, segments.
 *
 * @module
 */
export type { UdpCapabilities } from "./capabilities.js";
export type { UdpMessage } from "./outgoing-packet.js";
export type { UdpAddress, UdpPacket } from "./packet.js";
export type { PathMtuDiscovery } from "./path-mtu.js";
export { UdpBatch, type UdpBatchMessage, type UdpBatchOptions } from "./udp-batch.js";
export type { UdpConnectOptions, UdpFacts, UdpOptions } from "./udp-options.js";
export { type UdpBatchIterationOptions, type UdpIterationOptions, UdpSocket } from "./udp-socket.js";
