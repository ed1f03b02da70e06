import { addressStorage, packedAddressStorage } from "../address/sockaddr.js";
import { SOL_SCTP } from "../constants/levels.js";
import {
  SCTP_ADAPTATION_LAYER,
  SCTP_ADD_STREAMS,
  SCTP_ASCONF_SUPPORTED,
  SCTP_ASSOCINFO,
  SCTP_AUTH_ACTIVE_KEY,
  SCTP_AUTH_CHUNK,
  SCTP_AUTH_DEACTIVATE_KEY,
  SCTP_AUTH_DELETE_KEY,
  SCTP_AUTH_KEY,
  SCTP_AUTH_SUPPORTED,
  SCTP_AUTO_ASCONF,
  SCTP_AUTOCLOSE,
  SCTP_CONTEXT,
  SCTP_DEFAULT_PRINFO,
  SCTP_DEFAULT_SEND_PARAM,
  SCTP_DEFAULT_SNDINFO,
  SCTP_DELAYED_SACK,
  SCTP_DISABLE_FRAGMENTS,
  SCTP_ECN_SUPPORTED,
  SCTP_ENABLE_STREAM_RESET,
  SCTP_EVENT,
  SCTP_EVENTS,
  SCTP_EXPOSE_POTENTIALLY_FAILED_STATE,
  SCTP_FRAGMENT_INTERLEAVE,
  SCTP_GET_ASSOC_ID_LIST,
  SCTP_GET_ASSOC_NUMBER,
  SCTP_GET_ASSOC_STATS,
  SCTP_GET_LOCAL_ADDRS,
  SCTP_GET_PEER_ADDR_INFO,
  SCTP_GET_PEER_ADDRS,
  SCTP_HMAC_IDENT,
  SCTP_I_WANT_MAPPED_V4_ADDR,
  SCTP_INITMSG,
  SCTP_INTERLEAVING_SUPPORTED,
  SCTP_LOCAL_AUTH_CHUNKS,
  SCTP_MAX_BURST,
  SCTP_MAXSEG,
  SCTP_NODELAY,
  SCTP_PARTIAL_DELIVERY_POINT,
  SCTP_PEER_ADDR_PARAMS,
  SCTP_PEER_ADDR_THLDS,
  SCTP_PEER_ADDR_THLDS_V2,
  SCTP_PEER_AUTH_CHUNKS,
  SCTP_PLPMTUD_PROBE_INTERVAL,
  SCTP_PR_ASSOC_STATUS,
  SCTP_PR_STREAM_STATUS,
  SCTP_PR_SUPPORTED,
  SCTP_PRIMARY_ADDR,
  SCTP_RECONFIG_SUPPORTED,
  SCTP_RECVNXTINFO,
  SCTP_RECVRCVINFO,
  SCTP_REMOTE_UDP_ENCAPS_PORT,
  SCTP_RESET_ASSOC,
  SCTP_RESET_STREAMS,
  SCTP_REUSE_PORT,
  SCTP_RTOINFO,
  SCTP_SET_PEER_PRIMARY_ADDR,
  SCTP_SOCKOPT_BINDX_ADD,
  SCTP_SOCKOPT_BINDX_REM,
  SCTP_SOCKOPT_CONNECTX,
  SCTP_STATUS,
  SCTP_STREAM_SCHEDULER,
  SCTP_STREAM_SCHEDULER_VALUE,
} from "../constants/sctp.js";
import { byteFlag, flag } from "../wire/flag.js";
import { i32, u8, u16, u32, u64 } from "../wire/integers.js";
import { countedList } from "../wire/list.js";
import type { Payload } from "../wire/payload.js";
import { growing, reserved, struct } from "../wire/struct.js";
import { associationList } from "./association-list.js";
import { type OptionEntries, option } from "./entry.js";
import { addressList, associationAddresses } from "./sctp-addresses.js";
import { sctpKey } from "./sctp-key.js";
import { sctpStreams } from "./sctp-streams.js";

/** A field that packed structures have wherever it comes to lie. */
const unaligned = <T>(payload: Payload<T>): Payload<T> => ({ ...payload, align: u8.align });

const ASSOCIATION = { association: i32 };
const association = struct("sctp_assoc_value", ASSOCIATION);
const associationValue = struct("sctp_assoc_value", { association: i32, value: u32 });
const ASSOCIATION_AND_ADDRESS = { association: i32, address: packedAddressStorage };
const associationAndAddress = struct("sctp_prim", ASSOCIATION_AND_ADDRESS);
const addressOfAssociation = associationAndAddress;
const ASSOCIATION_AND_STORAGE = { association: i32, address: addressStorage };
const associationAndStorage = struct("sctp_paddrthlds", ASSOCIATION_AND_STORAGE);
const keyNumber = struct("sctp_authkeyid", { association: i32, key: u16 });
const streamQuery = struct("sctp_stream_value", { association: i32, stream: u16 });
const streamValue = struct("sctp_stream_value", { association: i32, stream: u16, value: u16 });
const eventQuery = struct("sctp_event", { association: i32, type: u16 });

/** SCTP_AUTH_NUM_HMACS, include/net/sctp/constants.h, and more. */
const HMACS = 16;
const CHUNKS = 256;
const ASSOCIATIONS = 4096;

const INITMSG = { outgoing: u16, incoming: u16, attempts: u16, timeout: u16 };

const ASSOCPARAMS = {
  association: i32,
  maxRetransmissions: u16,
  peerDestinations: u16,
  peerWindow: u32,
  localWindow: u32,
  cookieLife: u32,
};

const SNDRCVINFO = {
  stream: u16,
  ssn: u16,
  flags: u16,
  ppid: u32,
  context: u32,
  timeToLive: u32,
  tsn: u32,
  cumulativeTsn: u32,
  association: i32,
};

const sendParamQuery = struct("sctp_sndrcvinfo", { _before: reserved(28), ...ASSOCIATION });

const SNDINFO = { stream: u16, flags: u16, ppid: u32, context: u32, association: i32 };

const sndInfoQuery = struct("sctp_sndinfo", { _before: reserved(12), ...ASSOCIATION });

const PADDRPARAMS = {
  ...ASSOCIATION_AND_ADDRESS,
  heartbeatInterval: u32,
  maxRetransmissions: u16,
  pathMtu: unaligned(u32),
  sackDelay: unaligned(u32),
  flags: unaligned(u32),
};
/** Since Linux 4.19. */
const PADDRPARAMS_LATER = { flowLabel: unaligned(u32), dscp: u8 };

const EVENTS = {
  dataIo: byteFlag,
  association: byteFlag,
  address: byteFlag,
  sendFailure: byteFlag,
  peerError: byteFlag,
  shutdown: byteFlag,
  partialDelivery: byteFlag,
  adaptationLayer: byteFlag,
  authentication: byteFlag,
  senderDry: byteFlag,
};
/** Since Linux 4.11, 4.12 and 5.5. */
const LATER_EVENTS = {
  streamReset: byteFlag,
  assocReset: byteFlag,
  streamChange: byteFlag,
  sendFailureEvent: byteFlag,
};

const peerAddressInfo = struct("sctp_paddrinfo", {
  ...ASSOCIATION_AND_ADDRESS,
  state: i32,
  congestionWindow: u32,
  srtt: u32,
  rto: u32,
  mtu: u32,
});

const STATUS = {
  association: i32,
  state: i32,
  peerWindow: u32,
  unacknowledged: u16,
  pending: u16,
  incomingStreams: u16,
  outgoingStreams: u16,
  fragmentationPoint: u32,
  primary: peerAddressInfo,
};

const THRESHOLDS = { ...ASSOCIATION_AND_STORAGE, maxRetransmissions: u16, maxFailures: u16 };

const PRSTATUS = { association: i32, stream: u16, policy: u16, abandonedUnsent: u64, abandonedSent: u64 };
const prStatusQuery = struct("sctp_prstatus", { association: i32, stream: u16, policy: u16 });

const STATS = {
  ...ASSOCIATION_AND_STORAGE,
  maxRto: u64,
  incomingSacks: u64,
  outgoingSacks: u64,
  outgoingPackets: u64,
  incomingPackets: u64,
  retransmittedChunks: u64,
  outOfSequenceTsns: u64,
  duplicateChunks: u64,
  gapAcknowledgements: u64,
  outgoingUnorderedChunks: u64,
  incomingUnorderedChunks: u64,
  outgoingOrderedChunks: u64,
  incomingOrderedChunks: u64,
  outgoingControlChunks: u64,
  incomingControlChunks: u64,
};

/** The options of SOL_SCTP.
 *
 * On a one-to-many socket `association` says which is meant: 0 are those to come, otherwise the number that messages and
 * notifications carry. One-to-one sockets pass over it.
 */
export const sctpOptions = {
  /** Retransmission timeouts in milliseconds; 0 leaves one as it is. Source: RFC 6458. Since Linux 2.6. */
  sctpRtoInfo: option({
    level: SOL_SCTP,
    option: SCTP_RTOINFO,
    constant: "SCTP_RTOINFO",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_rtoinfo", { association: i32, initial: u32, max: u32, min: u32 }),
    query: association,
  }),
  /**
   * Parameters of an association: retransmissions, windows in bytes, the cookie's life in milliseconds.
   * Source: RFC 6458. Since Linux 2.6.
   */
  sctpAssocInfo: option({
    level: SOL_SCTP,
    option: SCTP_ASSOCINFO,
    constant: "SCTP_ASSOCINFO",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_assocparams", ASSOCPARAMS),
    query: association,
  }),
  /**
   * What an association is asked for with: streams, attempts, the timeout in milliseconds. Source: RFC 6458.
   * Since Linux 2.6.
   */
  sctpInitMsg: option({
    level: SOL_SCTP,
    option: SCTP_INITMSG,
    constant: "SCTP_INITMSG",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_initmsg", INITMSG),
  }),
  /** Sends small chunks at once. Source: RFC 6458. Since Linux 2.6. */
  sctpNoDelay: option({
    level: SOL_SCTP,
    option: SCTP_NODELAY,
    constant: "SCTP_NODELAY",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Seconds of silence after which a one-to-many socket closes an association; 0: never. Source: RFC 6458.
   * Since Linux 2.6.
   */
  sctpAutoClose: option({
    level: SOL_SCTP,
    option: SCTP_AUTOCLOSE,
    constant: "SCTP_AUTOCLOSE",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** Asks the peer to send to this address of ours. Source: RFC 6458. Since Linux 2.6. */
  sctpSetPeerPrimaryAddr: option({
    level: SOL_SCTP,
    option: SCTP_SET_PEER_PRIMARY_ADDR,
    constant: "SCTP_SET_PEER_PRIMARY_ADDR",
    direction: "set",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: addressOfAssociation,
  }),
  /** The peer's address that is sent to. Source: RFC 6458. Since Linux 2.6. */
  sctpPrimaryAddr: option({
    level: SOL_SCTP,
    option: SCTP_PRIMARY_ADDR,
    constant: "SCTP_PRIMARY_ADDR",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: addressOfAssociation,
    query: association,
  }),
  /** The number that tells the peer what is spoken on top. Source: RFC 6458. Since Linux 2.6. */
  sctpAdaptationLayer: option({
    level: SOL_SCTP,
    option: SCTP_ADAPTATION_LAYER,
    constant: "SCTP_ADAPTATION_LAYER",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** Whether messages that do not fit in a packet are refused. Source: RFC 6458. Since Linux 2.6. */
  sctpDisableFragments: option({
    level: SOL_SCTP,
    option: SCTP_DISABLE_FRAGMENTS,
    constant: "SCTP_DISABLE_FRAGMENTS",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** A path's heartbeats, MTU and delays: SPP_* flags say which are meant. Source: RFC 6458. Since Linux 2.6. */
  sctpPeerAddrParams: option({
    level: SOL_SCTP,
    option: SCTP_PEER_ADDR_PARAMS,
    constant: "SCTP_PEER_ADDR_PARAMS",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: growing("sctp_paddrparams", PADDRPARAMS, PADDRPARAMS_LATER),
    query: associationAndAddress,
  }),
  /** What goes with messages that are sent without SCTP_SNDRCV. Source: RFC 6458. Since Linux 2.6. */
  sctpDefaultSendParam: option({
    level: SOL_SCTP,
    option: SCTP_DEFAULT_SEND_PARAM,
    constant: "SCTP_DEFAULT_SEND_PARAM",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_sndrcvinfo", SNDRCVINFO),
    query: sendParamQuery,
  }),
  /** What goes with messages that are sent without SCTP_SNDINFO. Source: RFC 6458. Since Linux 3.17. */
  sctpDefaultSndInfo: option({
    level: SOL_SCTP,
    option: SCTP_DEFAULT_SNDINFO,
    constant: "SCTP_DEFAULT_SNDINFO",
    direction: "both",
    since: "3.17",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_sndinfo", SNDINFO),
    query: sndInfoQuery,
  }),
  /** When a message that was not delivered is given up. Source: RFC 6458. Since Linux 4.4. */
  sctpDefaultPrInfo: option({
    level: SOL_SCTP,
    option: SCTP_DEFAULT_PRINFO,
    constant: "SCTP_DEFAULT_PRINFO",
    direction: "both",
    since: "4.4",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_default_prinfo", { association: i32, value: u32, policy: u16 }),
    query: association,
  }),
  /** Which events come as notifications. `dataIo` adds SCTP_SNDRCV to messages. Source: RFC 6458. Since Linux 2.6. */
  sctpEvents: option({
    level: SOL_SCTP,
    option: SCTP_EVENTS,
    constant: "SCTP_EVENTS",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: growing("sctp_event_subscribe", EVENTS, LATER_EVENTS),
  }),
  /** Whether one kind of event (SCTP_*) comes as a notification. Source: RFC 6458. Since Linux 5.0. */
  sctpEvent: option({
    level: SOL_SCTP,
    option: SCTP_EVENT,
    constant: "SCTP_EVENT",
    direction: "both",
    since: "5.0",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_event", { association: i32, type: u16, on: byteFlag }),
    query: eventQuery,
  }),
  /** Whether an AF_INET6 socket shows IPv4 peers as v4-mapped. Source: RFC 6458. Since Linux 2.6. */
  sctpIWantMappedV4Addr: option({
    level: SOL_SCTP,
    option: SCTP_I_WANT_MAPPED_V4_ADDR,
    constant: "SCTP_I_WANT_MAPPED_V4_ADDR",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The largest chunk of data in bytes; 0: as the path permits. Source: RFC 6458. Since Linux 2.6. */
  sctpMaxSeg: option({
    level: SOL_SCTP,
    option: SCTP_MAXSEG,
    constant: "SCTP_MAXSEG",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** The state of an association. Source: RFC 6458. Since Linux 2.6. */
  sctpStatus: option({
    level: SOL_SCTP,
    option: SCTP_STATUS,
    constant: "SCTP_STATUS",
    direction: "get",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_status", STATUS),
    query: association,
  }),
  /** The state of a path. Source: RFC 6458. Since Linux 2.6. */
  sctpGetPeerAddrInfo: option({
    level: SOL_SCTP,
    option: SCTP_GET_PEER_ADDR_INFO,
    constant: "SCTP_GET_PEER_ADDR_INFO",
    direction: "get",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: peerAddressInfo,
    query: associationAndAddress,
  }),
  /** How long, in milliseconds, and for how many packets acknowledgements wait. Source: RFC 6458. Since Linux 2.6. */
  sctpDelayedSack: option({
    level: SOL_SCTP,
    option: SCTP_DELAYED_SACK,
    constant: "SCTP_DELAYED_SACK",
    direction: "both",
    since: "2.6",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_sack_info", { association: i32, delay: u32, frequency: u32 }),
    query: association,
  }),
  /** The number that reports of failed sends carry. Source: RFC 6458. Since Linux 2.6.20. */
  sctpContext: option({
    level: SOL_SCTP,
    option: SCTP_CONTEXT,
    constant: "SCTP_CONTEXT",
    direction: "both",
    since: "2.6.20",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Whether parts of several messages may come mixed. Source: RFC 6458. Since Linux 2.6.20. */
  sctpFragmentInterleave: option({
    level: SOL_SCTP,
    option: SCTP_FRAGMENT_INTERLEAVE,
    constant: "SCTP_FRAGMENT_INTERLEAVE",
    direction: "both",
    since: "2.6.20",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Bytes from which on a message is delivered in parts. Source: RFC 6458. Since Linux 2.6.22. */
  sctpPartialDeliveryPoint: option({
    level: SOL_SCTP,
    option: SCTP_PARTIAL_DELIVERY_POINT,
    constant: "SCTP_PARTIAL_DELIVERY_POINT",
    direction: "both",
    since: "2.6.22",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** Packets that are sent in one go. Source: RFC 6458. Since Linux 2.6.22. */
  sctpMaxBurst: option({
    level: SOL_SCTP,
    option: SCTP_MAX_BURST,
    constant: "SCTP_MAX_BURST",
    direction: "both",
    since: "2.6.22",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** A kind of chunk that must come authenticated. Source: RFC 6458. Since Linux 2.6.24. */
  sctpAuthChunk: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_CHUNK,
    constant: "SCTP_AUTH_CHUNK",
    direction: "set",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: u8,
  }),
  /** The algorithms of authentication, the best first. Source: RFC 6458. Since Linux 2.6.24. */
  sctpHmacIdent: option({
    level: SOL_SCTP,
    option: SCTP_HMAC_IDENT,
    constant: "SCTP_HMAC_IDENT",
    direction: "both",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: countedList("sctp_hmacalgo", u16, HMACS),
  }),
  /** A key shared with the peer. Source: RFC 6458. Since Linux 2.6.24. */
  sctpAuthKey: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_KEY,
    constant: "SCTP_AUTH_KEY",
    direction: "set",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: sctpKey,
  }),
  /** The key that is in use. Source: RFC 6458. Since Linux 2.6.24. */
  sctpAuthActiveKey: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_ACTIVE_KEY,
    constant: "SCTP_AUTH_ACTIVE_KEY",
    direction: "both",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: keyNumber,
    query: association,
  }),
  /** Deletes a key. Source: RFC 6458. Since Linux 2.6.24. */
  sctpAuthDeleteKey: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_DELETE_KEY,
    constant: "SCTP_AUTH_DELETE_KEY",
    direction: "set",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: keyNumber,
  }),
  /** Takes a key out of use. Source: RFC 6458. Since Linux 4.17. */
  sctpAuthDeactivateKey: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_DEACTIVATE_KEY,
    constant: "SCTP_AUTH_DEACTIVATE_KEY",
    direction: "set",
    since: "4.17",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: keyNumber,
  }),
  /** The kinds of chunks that the peer wants authenticated. Source: RFC 6458. Since Linux 2.6.24. */
  sctpPeerAuthChunks: option({
    level: SOL_SCTP,
    option: SCTP_PEER_AUTH_CHUNKS,
    constant: "SCTP_PEER_AUTH_CHUNKS",
    direction: "get",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: associationList("sctp_authchunks", "chunks", u8, CHUNKS),
    query: association,
  }),
  /** The kinds of chunks that must come authenticated. Source: RFC 6458. Since Linux 2.6.24. */
  sctpLocalAuthChunks: option({
    level: SOL_SCTP,
    option: SCTP_LOCAL_AUTH_CHUNKS,
    constant: "SCTP_LOCAL_AUTH_CHUNKS",
    direction: "get",
    since: "2.6.24",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: associationList("sctp_authchunks", "chunks", u8, CHUNKS),
    query: association,
  }),
  /** How many associations a one-to-many socket has. Source: RFC 6458. Since Linux 2.6.28. */
  sctpGetAssocNumber: option({
    level: SOL_SCTP,
    option: SCTP_GET_ASSOC_NUMBER,
    constant: "SCTP_GET_ASSOC_NUMBER",
    direction: "get",
    since: "2.6.28",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** The associations of a one-to-many socket. Source: RFC 6458. Since Linux 2.6.28. */
  sctpGetAssocIdList: option({
    level: SOL_SCTP,
    option: SCTP_GET_ASSOC_ID_LIST,
    constant: "SCTP_GET_ASSOC_ID_LIST",
    direction: "get",
    since: "2.6.28",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: countedList("sctp_assoc_ids", i32, ASSOCIATIONS),
  }),
  /** Whether peers are told of addresses that come and go. Source: RFC 6458. Since Linux 3.1. */
  sctpAutoAsconf: option({
    level: SOL_SCTP,
    option: SCTP_AUTO_ASCONF,
    constant: "SCTP_AUTO_ASCONF",
    direction: "both",
    since: "3.1",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** How many errors make a path (potentially) failed. Source: RFC 7829. Since Linux 3.6. */
  sctpPeerAddrThlds: option({
    level: SOL_SCTP,
    option: SCTP_PEER_ADDR_THLDS,
    constant: "SCTP_PEER_ADDR_THLDS",
    direction: "both",
    since: "3.6",
    source: "RFC 7829",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_paddrthlds", THRESHOLDS),
    query: associationAndStorage,
  }),
  /** The same, with the number that makes another path the primary one. Source: RFC 7829. Since Linux 5.5. */
  sctpPeerAddrThldsV2: option({
    level: SOL_SCTP,
    option: SCTP_PEER_ADDR_THLDS_V2,
    constant: "SCTP_PEER_ADDR_THLDS_V2",
    direction: "both",
    since: "5.5",
    source: "RFC 7829",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_paddrthlds_v2", { ...THRESHOLDS, primaryMaxFailures: u16 }),
    query: associationAndStorage,
  }),
  /** Whether messages come with SCTP_RCVINFO. Source: RFC 6458. Since Linux 3.17. */
  sctpRecvRcvInfo: option({
    level: SOL_SCTP,
    option: SCTP_RECVRCVINFO,
    constant: "SCTP_RECVRCVINFO",
    direction: "both",
    since: "3.17",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether messages come with SCTP_NXTINFO, about the one after it. Source: RFC 6458. Since Linux 3.17. */
  sctpRecvNxtInfo: option({
    level: SOL_SCTP,
    option: SCTP_RECVNXTINFO,
    constant: "SCTP_RECVNXTINFO",
    direction: "both",
    since: "3.17",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether several one-to-one sockets can be bound to one port. Source: RFC 6458. Since Linux 4.19. */
  sctpReusePort: option({
    level: SOL_SCTP,
    option: SCTP_REUSE_PORT,
    constant: "SCTP_REUSE_PORT",
    direction: "both",
    since: "4.19",
    source: "RFC 6458",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Binds further addresses. Source: net/sctp/socket.c. Since Linux 2.6. */
  sctpSockoptBindxAdd: option({
    level: SOL_SCTP,
    option: SCTP_SOCKOPT_BINDX_ADD,
    constant: "SCTP_SOCKOPT_BINDX_ADD",
    direction: "set",
    since: "2.6",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: addressList,
  }),
  /** Unbinds addresses. Source: net/sctp/socket.c. Since Linux 2.6. */
  sctpSockoptBindxRem: option({
    level: SOL_SCTP,
    option: SCTP_SOCKOPT_BINDX_REM,
    constant: "SCTP_SOCKOPT_BINDX_REM",
    direction: "set",
    since: "2.6",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: addressList,
  }),
  /** Connects to a peer by any of its addresses. Source: net/sctp/socket.c. Since Linux 2.6. */
  sctpSockoptConnectx: option({
    level: SOL_SCTP,
    option: SCTP_SOCKOPT_CONNECTX,
    constant: "SCTP_SOCKOPT_CONNECTX",
    direction: "set",
    since: "2.6",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: addressList,
  }),
  /** The peer's addresses. Source: net/sctp/socket.c. Since Linux 2.6. */
  sctpGetPeerAddrs: option({
    level: SOL_SCTP,
    option: SCTP_GET_PEER_ADDRS,
    constant: "SCTP_GET_PEER_ADDRS",
    direction: "get",
    since: "2.6",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: associationAddresses,
    query: association,
  }),
  /** Our addresses. Source: net/sctp/socket.c. Since Linux 2.6. */
  sctpGetLocalAddrs: option({
    level: SOL_SCTP,
    option: SCTP_GET_LOCAL_ADDRS,
    constant: "SCTP_GET_LOCAL_ADDRS",
    direction: "get",
    since: "2.6",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: associationAddresses,
    query: association,
  }),
  /**
   * What an association has counted. Reading sets `maxRto` back. Source: include/uapi/linux/sctp.h. Since
   * Linux 3.8.
   */
  sctpGetAssocStats: option({
    level: SOL_SCTP,
    option: SCTP_GET_ASSOC_STATS,
    constant: "SCTP_GET_ASSOC_STATS",
    direction: "get",
    since: "3.8",
    source: "include/uapi/linux/sctp.h",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_assoc_stats", STATS),
    query: association,
  }),
  /** Whether messages may be given up. Source: RFC 7496. Since Linux 4.4. */
  sctpPrSupported: option({
    level: SOL_SCTP,
    option: SCTP_PR_SUPPORTED,
    constant: "SCTP_PR_SUPPORTED",
    direction: "both",
    since: "4.4",
    source: "RFC 7496",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** How many messages of an association were given up. Source: RFC 7496. Since Linux 4.4. */
  sctpPrAssocStatus: option({
    level: SOL_SCTP,
    option: SCTP_PR_ASSOC_STATUS,
    constant: "SCTP_PR_ASSOC_STATUS",
    direction: "get",
    since: "4.4",
    source: "RFC 7496",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_prstatus", PRSTATUS),
    query: prStatusQuery,
  }),
  /** How many messages of a stream were given up. Source: RFC 7496. Since Linux 4.4. */
  sctpPrStreamStatus: option({
    level: SOL_SCTP,
    option: SCTP_PR_STREAM_STATUS,
    constant: "SCTP_PR_STREAM_STATUS",
    direction: "get",
    since: "4.4",
    source: "RFC 7496",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_prstatus", PRSTATUS),
    query: prStatusQuery,
  }),
  /** Whether streams can be reset. Source: RFC 6525. Since Linux 4.11. */
  sctpReconfigSupported: option({
    level: SOL_SCTP,
    option: SCTP_RECONFIG_SUPPORTED,
    constant: "SCTP_RECONFIG_SUPPORTED",
    direction: "both",
    since: "4.11",
    source: "RFC 6525",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** SCTP_ENABLE_*: which requests of the peer are granted. Source: RFC 6525. Since Linux 4.11. */
  sctpEnableStreamReset: option({
    level: SOL_SCTP,
    option: SCTP_ENABLE_STREAM_RESET,
    constant: "SCTP_ENABLE_STREAM_RESET",
    direction: "both",
    since: "4.11",
    source: "RFC 6525",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Begins streams anew. Source: RFC 6525. Since Linux 4.11. */
  sctpResetStreams: option({
    level: SOL_SCTP,
    option: SCTP_RESET_STREAMS,
    constant: "SCTP_RESET_STREAMS",
    direction: "set",
    since: "4.11",
    source: "RFC 6525",
    families: ["ipv4", "ipv6"],
    payload: sctpStreams,
  }),
  /** Begins all of an association anew, by its number. Source: RFC 6525. Since Linux 4.11. */
  sctpResetAssoc: option({
    level: SOL_SCTP,
    option: SCTP_RESET_ASSOC,
    constant: "SCTP_RESET_ASSOC",
    direction: "set",
    since: "4.11",
    source: "RFC 6525",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Adds streams. Source: RFC 6525. Since Linux 4.11. */
  sctpAddStreams: option({
    level: SOL_SCTP,
    option: SCTP_ADD_STREAMS,
    constant: "SCTP_ADD_STREAMS",
    direction: "set",
    since: "4.11",
    source: "RFC 6525",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_add_streams", { association: i32, incoming: u16, outgoing: u16 }),
  }),
  /** SCTP_SS_*: how streams take turns. Source: RFC 8260. Since Linux 4.15. */
  sctpStreamScheduler: option({
    level: SOL_SCTP,
    option: SCTP_STREAM_SCHEDULER,
    constant: "SCTP_STREAM_SCHEDULER",
    direction: "both",
    since: "4.15",
    source: "RFC 8260",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** A stream's priority or weight. Source: RFC 8260. Since Linux 4.15. */
  sctpStreamSchedulerValue: option({
    level: SOL_SCTP,
    option: SCTP_STREAM_SCHEDULER_VALUE,
    constant: "SCTP_STREAM_SCHEDULER_VALUE",
    direction: "both",
    since: "4.15",
    source: "RFC 8260",
    families: ["ipv4", "ipv6"],
    payload: streamValue,
    query: streamQuery,
  }),
  /** Whether messages of several streams may be sent mixed. Source: RFC 8260. Since Linux 4.16. */
  sctpInterleavingSupported: option({
    level: SOL_SCTP,
    option: SCTP_INTERLEAVING_SUPPORTED,
    constant: "SCTP_INTERLEAVING_SUPPORTED",
    direction: "both",
    since: "4.16",
    source: "RFC 8260",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Whether addresses may come and go. Source: net/sctp/socket.c. Since Linux 5.4. */
  sctpAsconfSupported: option({
    level: SOL_SCTP,
    option: SCTP_ASCONF_SUPPORTED,
    constant: "SCTP_ASCONF_SUPPORTED",
    direction: "both",
    since: "5.4",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Whether chunks can be authenticated. Source: net/sctp/socket.c. Since Linux 5.4. */
  sctpAuthSupported: option({
    level: SOL_SCTP,
    option: SCTP_AUTH_SUPPORTED,
    constant: "SCTP_AUTH_SUPPORTED",
    direction: "both",
    since: "5.4",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Whether congestion is notified explicitly. Source: net/sctp/socket.c. Since Linux 5.4. */
  sctpEcnSupported: option({
    level: SOL_SCTP,
    option: SCTP_ECN_SUPPORTED,
    constant: "SCTP_ECN_SUPPORTED",
    direction: "both",
    since: "5.4",
    source: "net/sctp/socket.c",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** Whether notifications tell of paths that have potentially failed. Source: RFC 7829. Since Linux 5.5. */
  sctpExposePotentiallyFailedState: option({
    level: SOL_SCTP,
    option: SCTP_EXPOSE_POTENTIALLY_FAILED_STATE,
    constant: "SCTP_EXPOSE_POTENTIALLY_FAILED_STATE",
    direction: "both",
    since: "5.5",
    source: "RFC 7829",
    families: ["ipv4", "ipv6"],
    payload: associationValue,
    query: association,
  }),
  /** The UDP port that a path's packets are wrapped for; 0: none. Source: RFC 6951. Since Linux 5.11. */
  sctpRemoteUdpEncapsPort: option({
    level: SOL_SCTP,
    option: SCTP_REMOTE_UDP_ENCAPS_PORT,
    constant: "SCTP_REMOTE_UDP_ENCAPS_PORT",
    direction: "both",
    since: "5.11",
    source: "RFC 6951",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_udpencaps", { ...ASSOCIATION_AND_STORAGE, port: u16 }),
    query: associationAndStorage,
  }),
  /** Milliseconds between probes of a path's MTU; 0: none. Source: RFC 8899. Since Linux 5.14. */
  sctpPlpmtudProbeInterval: option({
    level: SOL_SCTP,
    option: SCTP_PLPMTUD_PROBE_INTERVAL,
    constant: "SCTP_PLPMTUD_PROBE_INTERVAL",
    direction: "both",
    since: "5.14",
    source: "RFC 8899",
    families: ["ipv4", "ipv6"],
    payload: struct("sctp_probeinterval", { ...ASSOCIATION_AND_STORAGE, interval: u32 }),
    query: associationAndStorage,
  }),
} as const satisfies OptionEntries;
