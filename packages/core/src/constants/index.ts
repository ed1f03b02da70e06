/**
 * The numbers of the kernel's headers, with their names. x64, ia32 and arm64 share them.
 *
 * @module
 */
export * from "./address-families.js";
export * from "./alg.js";
export * from "./bluetooth.js";
export * from "./bpf.js";
export * from "./can.js";
export * from "./clocks.js";
export * from "./errqueue.js";
export * from "./ieee802154.js";
export * from "./ip.js";
export * from "./ipv6.js";
export * from "./iucv.js";
export * from "./levels.js";
export * from "./llc.js";
export * from "./message-flags.js";
export * from "./misdn.js";
export * from "./netlink.js";
export * from "./packet.js";
export * from "./protocols.js";
export * from "./rds.js";
export * from "./rxrpc.js";
export * from "./sctp.js";
export * from "./shutdown.js";
export * from "./socket.js";
export * from "./socket-types.js";
export * from "./tcp.js";
export * from "./timestamping.js";
export * from "./tipc.js";
export * from "./tls.js";
export * from "./udp.js";
export * from "./vsock.js";
