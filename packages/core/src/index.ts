export type { Address, AddressInput, AddressOf, FamilyAddress, NodeAddress } from "./address/index.js";
export type { Data } from "./arguments.js";
export type { ControlMessage, ControlName } from "./control/index.js";
export type { SocketType } from "./control/socket-type.js";
export { type Descriptor, type DescriptorTicket, FileDescriptor } from "./descriptor.js";
export type { BatchError, SendError, SystemError } from "./errors.js";
export { type Frame, type FrameOptions, frames } from "./framing/frames.js";
export { type StreamEndedError, StreamReader, type StreamReaderOptions } from "./framing/stream-reader.js";
export type { Sendable } from "./interop/sendable.js";
export {
  ECN,
  type IpFamily,
  type PacketInfo,
  type PacketSettings,
  packetControl,
  packetInfoNames,
  readPacketInfo,
} from "./ip-packet.js";
export { type AcceptOptions, Listener, type ListenOptions, type MessageListener } from "./listener.js";
export { Message, type MessageInit, type OutgoingMessage } from "./message.js";
export { NativeLoadError } from "./native/load-error.js";
export type {
  OptionInput,
  OptionName,
  OptionQuery,
  OptionValue,
  ReadableOption,
  SettableOption,
} from "./options/index.js";
export { type FilterInstruction, type ReusePortSteering, reusePortProgram } from "./reuse-port.js";
export type { AllowedPeers, AllowFunction, PeerRefusedError } from "./socket/allow.js";
export type { SendBatchOptions } from "./socket/batch-sending.js";
export type { ControlSwitches } from "./socket/control-switches.js";
export type { OpenOptions, SocketOptions } from "./socket/creation-options.js";
export type { DetachOptions } from "./socket/detaching.js";
export {
  type ErrorReport,
  errorReport,
  type OtherReport,
  type TimestampReport,
  type TxTimeReport,
  type UndeliveredReport,
  type ZeroCopyReport,
} from "./socket/error-report.js";
export type { BatchIterationOptions, IterationOptions } from "./socket/iterating.js";
export {
  type BatchCounters,
  type BatchMessage,
  type BatchOptions,
  MessageBatch,
} from "./socket/message-batch.js";
export type { SocketOptionAccess } from "./socket/option-access.js";
export type { Peer, PeerCredentials } from "./socket/peer.js";
export { type PeerSource, peerOf } from "./socket/peer-of.js";
export type { BatchReceiveOptions, MaxFds, ReceiveOptions } from "./socket/receive-request.js";
export type { Segmentation } from "./socket/segmentation.js";
export type { SendOptions } from "./socket/send-options.js";
export type { SendResult } from "./socket/send-queue.js";
export { type MessageSocket, Socket } from "./socket.js";
export { type PairOptions, socketpair, socketpairForChild } from "./socketpair.js";
export { type Clock, now } from "./syscalls/clock.js";
export {
  type StampedSend,
  type TransmitEvent,
  TransmitTimestamps,
  type TransmitTimestampsOptions,
} from "./timestamps/transmit-timestamps.js";
export { enableTxTime, type TxTimeOptions } from "./timestamps/tx-time.js";
