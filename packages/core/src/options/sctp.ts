import { addressStorage, packedAddressStorage } from "../address/sockaddr.js";
import { SOL_SCTP } from "../constants/levels.js";
import * as sctp from "../constants/sctp.js";
import { countedBytes, countedList, countedStruct, elements } from "../wire/counted.js";
import { byteFlag, flag } from "../wire/flag.js";
import { i32, u8, u16, u32, u64 } from "../wire/integers.js";
import type { Payload } from "../wire/payload.js";
import { growing, reserved, struct } from "../wire/struct.js";
import { level } from "./level.js";
import { addressList, countedAddresses } from "./sctp-addresses.js";

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

/** The longest that their counts can say. */
const KEY_BYTES = 0xffff;
const STREAMS = 0xffff;

const authChunks = countedStruct("sctp_authchunks", ASSOCIATION, u32, { chunks: elements(u8, CHUNKS) });
const authKey = countedStruct("sctp_authkey", { association: i32, number: u16 }, u16, {
  key: countedBytes(KEY_BYTES),
});
/** `flags`: SCTP_STREAM_RESET_INCOMING | SCTP_STREAM_RESET_OUTGOING. No streams mean all. */
const resetStreams = countedStruct("sctp_reset_streams", { association: i32, flags: u16 }, u16, {
  streams: elements(u16, STREAMS),
});
const associationAddresses = countedStruct("sctp_getaddrs", ASSOCIATION, u32, {
  addresses: countedAddresses,
});

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

const { get, set, both } = level({ SOL_SCTP }, sctp, { source: "RFC 6458", families: ["ipv4", "ipv6"] });
/** What no man page describes. */
const kernel = level({ SOL_SCTP }, sctp, { source: "net/sctp/socket.c", families: ["ipv4", "ipv6"] });
const rfc6525 = level({ SOL_SCTP }, sctp, { source: "RFC 6525", families: ["ipv4", "ipv6"] });

/** The options of SOL_SCTP.
 *
 * On a one-to-many socket `association` says which is meant: 0 are those to come, otherwise the number that messages and
 * notifications carry. One-to-one sockets pass over it.
 */
export const sctpOptions = {
  /** Retransmission timeouts in milliseconds; 0 leaves one as it is. */
  sctpRtoInfo: both(
    "SCTP_RTOINFO",
    "2.6",
    struct("sctp_rtoinfo", { association: i32, initial: u32, max: u32, min: u32 }),
    { query: association },
  ),
  /** Parameters of an association: retransmissions, windows in bytes, the cookie's life in milliseconds. */
  sctpAssocInfo: both("SCTP_ASSOCINFO", "2.6", struct("sctp_assocparams", ASSOCPARAMS), {
    query: association,
  }),
  /** What an association is asked for with: streams, attempts, the timeout in milliseconds. */
  sctpInitMsg: both("SCTP_INITMSG", "2.6", struct("sctp_initmsg", INITMSG)),
  /** Sends small chunks at once. */
  sctpNoDelay: both("SCTP_NODELAY", "2.6", flag),
  /** Seconds of silence after which a one-to-many socket closes an association; 0: never. */
  sctpAutoClose: both("SCTP_AUTOCLOSE", "2.6", u32),
  /** Asks the peer to send to this address of ours. */
  sctpSetPeerPrimaryAddr: set("SCTP_SET_PEER_PRIMARY_ADDR", "2.6", addressOfAssociation),
  /** The peer's address that is sent to. */
  sctpPrimaryAddr: both("SCTP_PRIMARY_ADDR", "2.6", addressOfAssociation, { query: association }),
  /** The number that tells the peer what is spoken on top. */
  sctpAdaptationLayer: both("SCTP_ADAPTATION_LAYER", "2.6", u32),
  /** Whether messages that do not fit in a packet are refused. */
  sctpDisableFragments: both("SCTP_DISABLE_FRAGMENTS", "2.6", flag),
  /** A path's heartbeats, MTU and delays: SPP_* flags say which are meant. */
  sctpPeerAddrParams: both(
    "SCTP_PEER_ADDR_PARAMS",
    "2.6",
    growing("sctp_paddrparams", PADDRPARAMS, PADDRPARAMS_LATER),
    { query: associationAndAddress },
  ),
  /** What goes with messages that are sent without SCTP_SNDRCV. */
  sctpDefaultSendParam: both("SCTP_DEFAULT_SEND_PARAM", "2.6", struct("sctp_sndrcvinfo", SNDRCVINFO), {
    query: sendParamQuery,
  }),
  /** What goes with messages that are sent without SCTP_SNDINFO. */
  sctpDefaultSndInfo: both("SCTP_DEFAULT_SNDINFO", "3.17", struct("sctp_sndinfo", SNDINFO), {
    query: sndInfoQuery,
  }),
  /** When a message that was not delivered is given up. */
  sctpDefaultPrInfo: both(
    "SCTP_DEFAULT_PRINFO",
    "4.4",
    struct("sctp_default_prinfo", { association: i32, value: u32, policy: u16 }),
    { query: association },
  ),
  /** Which events come as notifications. `dataIo` adds SCTP_SNDRCV to messages. */
  sctpEvents: both("SCTP_EVENTS", "2.6", growing("sctp_event_subscribe", EVENTS, LATER_EVENTS)),
  /** Whether one kind of event (SCTP_*) comes as a notification. */
  sctpEvent: both("SCTP_EVENT", "5.0", struct("sctp_event", { association: i32, type: u16, on: byteFlag }), {
    query: eventQuery,
  }),
  /** Whether an AF_INET6 socket shows IPv4 peers as v4-mapped. */
  sctpIWantMappedV4Addr: both("SCTP_I_WANT_MAPPED_V4_ADDR", "2.6", flag),
  /** The largest chunk of data in bytes; 0: as the path permits. */
  sctpMaxSeg: both("SCTP_MAXSEG", "2.6", associationValue, { query: association }),
  /** The state of an association. */
  sctpStatus: get("SCTP_STATUS", "2.6", struct("sctp_status", STATUS), { query: association }),
  /** The state of a path. */
  sctpGetPeerAddrInfo: get("SCTP_GET_PEER_ADDR_INFO", "2.6", peerAddressInfo, {
    query: associationAndAddress,
  }),
  /** How long, in milliseconds, and for how many packets acknowledgements wait. */
  sctpDelayedSack: both(
    "SCTP_DELAYED_SACK",
    "2.6",
    struct("sctp_sack_info", { association: i32, delay: u32, frequency: u32 }),
    { query: association },
  ),
  /** The number that reports of failed sends carry. */
  sctpContext: both("SCTP_CONTEXT", "2.6.20", associationValue, { query: association }),
  /** Whether parts of several messages may come mixed. */
  sctpFragmentInterleave: both("SCTP_FRAGMENT_INTERLEAVE", "2.6.20", i32),
  /** Bytes from which on a message is delivered in parts. */
  sctpPartialDeliveryPoint: both("SCTP_PARTIAL_DELIVERY_POINT", "2.6.22", u32),
  /** Packets that are sent in one go. */
  sctpMaxBurst: both("SCTP_MAX_BURST", "2.6.22", associationValue, { query: association }),
  /** A kind of chunk that must come authenticated. */
  sctpAuthChunk: set("SCTP_AUTH_CHUNK", "2.6.24", u8),
  /** The algorithms of authentication, the best first. */
  sctpHmacIdent: both("SCTP_HMAC_IDENT", "2.6.24", countedList("sctp_hmacalgo", u16, HMACS)),
  /** A key shared with the peer. */
  sctpAuthKey: set("SCTP_AUTH_KEY", "2.6.24", authKey),
  /** The key that is in use. */
  sctpAuthActiveKey: both("SCTP_AUTH_ACTIVE_KEY", "2.6.24", keyNumber, { query: association }),
  /** Deletes a key. */
  sctpAuthDeleteKey: set("SCTP_AUTH_DELETE_KEY", "2.6.24", keyNumber),
  /** Takes a key out of use. */
  sctpAuthDeactivateKey: set("SCTP_AUTH_DEACTIVATE_KEY", "4.17", keyNumber),
  /** The kinds of chunks that the peer wants authenticated. */
  sctpPeerAuthChunks: get("SCTP_PEER_AUTH_CHUNKS", "2.6.24", authChunks, { query: association }),
  /** The kinds of chunks that must come authenticated. */
  sctpLocalAuthChunks: get("SCTP_LOCAL_AUTH_CHUNKS", "2.6.24", authChunks, { query: association }),
  /** How many associations a one-to-many socket has. */
  sctpGetAssocNumber: get("SCTP_GET_ASSOC_NUMBER", "2.6.28", u32),
  /** The associations of a one-to-many socket. */
  sctpGetAssocIdList: get(
    "SCTP_GET_ASSOC_ID_LIST",
    "2.6.28",
    countedList("sctp_assoc_ids", i32, ASSOCIATIONS),
  ),
  /** Whether peers are told of addresses that come and go. */
  sctpAutoAsconf: both("SCTP_AUTO_ASCONF", "3.1", flag),
  /** How many errors make a path (potentially) failed. */
  sctpPeerAddrThlds: both("SCTP_PEER_ADDR_THLDS", "3.6", struct("sctp_paddrthlds", THRESHOLDS), {
    source: "RFC 7829",
    query: associationAndStorage,
  }),
  /** The same, with the number that makes another path the primary one. */
  sctpPeerAddrThldsV2: both(
    "SCTP_PEER_ADDR_THLDS_V2",
    "5.5",
    struct("sctp_paddrthlds_v2", { ...THRESHOLDS, primaryMaxFailures: u16 }),
    { source: "RFC 7829", query: associationAndStorage },
  ),
  /** Whether messages come with SCTP_RCVINFO. */
  sctpRecvRcvInfo: both("SCTP_RECVRCVINFO", "3.17", flag),
  /** Whether messages come with SCTP_NXTINFO, about the one after it. */
  sctpRecvNxtInfo: both("SCTP_RECVNXTINFO", "3.17", flag),
  /** Whether several one-to-one sockets can be bound to one port. */
  sctpReusePort: both("SCTP_REUSE_PORT", "4.19", flag),
  /** Binds further addresses. */
  sctpSockoptBindxAdd: kernel.set("SCTP_SOCKOPT_BINDX_ADD", "2.6", addressList),
  /** Unbinds addresses. */
  sctpSockoptBindxRem: kernel.set("SCTP_SOCKOPT_BINDX_REM", "2.6", addressList),
  /** Connects to a peer by any of its addresses. */
  sctpSockoptConnectx: kernel.set("SCTP_SOCKOPT_CONNECTX", "2.6", addressList),
  /** The peer's addresses. */
  sctpGetPeerAddrs: kernel.get("SCTP_GET_PEER_ADDRS", "2.6", associationAddresses, { query: association }),
  /** Our addresses. */
  sctpGetLocalAddrs: kernel.get("SCTP_GET_LOCAL_ADDRS", "2.6", associationAddresses, { query: association }),
  /** What an association has counted. Reading sets `maxRto` back. */
  sctpGetAssocStats: get("SCTP_GET_ASSOC_STATS", "3.8", struct("sctp_assoc_stats", STATS), {
    source: "include/uapi/linux/sctp.h",
    query: association,
  }),
  /** Whether messages may be given up. */
  sctpPrSupported: both("SCTP_PR_SUPPORTED", "4.4", associationValue, {
    source: "RFC 7496",
    query: association,
  }),
  /** How many messages of an association were given up. */
  sctpPrAssocStatus: get("SCTP_PR_ASSOC_STATUS", "4.4", struct("sctp_prstatus", PRSTATUS), {
    source: "RFC 7496",
    query: prStatusQuery,
  }),
  /** How many messages of a stream were given up. */
  sctpPrStreamStatus: get("SCTP_PR_STREAM_STATUS", "4.4", struct("sctp_prstatus", PRSTATUS), {
    source: "RFC 7496",
    query: prStatusQuery,
  }),
  /** Whether streams can be reset. */
  sctpReconfigSupported: rfc6525.both("SCTP_RECONFIG_SUPPORTED", "4.11", associationValue, {
    query: association,
  }),
  /** SCTP_ENABLE_*: which requests of the peer are granted. */
  sctpEnableStreamReset: rfc6525.both("SCTP_ENABLE_STREAM_RESET", "4.11", associationValue, {
    query: association,
  }),
  /** Begins streams anew. */
  sctpResetStreams: rfc6525.set("SCTP_RESET_STREAMS", "4.11", resetStreams),
  /** Begins all of an association anew, by its number. */
  sctpResetAssoc: rfc6525.set("SCTP_RESET_ASSOC", "4.11", i32),
  /** Adds streams. */
  sctpAddStreams: rfc6525.set(
    "SCTP_ADD_STREAMS",
    "4.11",
    struct("sctp_add_streams", { association: i32, incoming: u16, outgoing: u16 }),
  ),
  /** SCTP_SS_*: how streams take turns. */
  sctpStreamScheduler: both("SCTP_STREAM_SCHEDULER", "4.15", associationValue, {
    source: "RFC 8260",
    query: association,
  }),
  /** A stream's priority or weight. */
  sctpStreamSchedulerValue: both("SCTP_STREAM_SCHEDULER_VALUE", "4.15", streamValue, {
    source: "RFC 8260",
    query: streamQuery,
  }),
  /** Whether messages of several streams may be sent mixed. */
  sctpInterleavingSupported: both("SCTP_INTERLEAVING_SUPPORTED", "4.16", associationValue, {
    source: "RFC 8260",
    query: association,
  }),
  /** Whether addresses may come and go. */
  sctpAsconfSupported: kernel.both("SCTP_ASCONF_SUPPORTED", "5.4", associationValue, { query: association }),
  /** Whether chunks can be authenticated. */
  sctpAuthSupported: kernel.both("SCTP_AUTH_SUPPORTED", "5.4", associationValue, { query: association }),
  /** Whether congestion is notified explicitly. */
  sctpEcnSupported: kernel.both("SCTP_ECN_SUPPORTED", "5.4", associationValue, { query: association }),
  /** Whether notifications tell of paths that have potentially failed. */
  sctpExposePotentiallyFailedState: both("SCTP_EXPOSE_POTENTIALLY_FAILED_STATE", "5.5", associationValue, {
    source: "RFC 7829",
    query: association,
  }),
  /** The UDP port that a path's packets are wrapped for; 0: none. */
  sctpRemoteUdpEncapsPort: both(
    "SCTP_REMOTE_UDP_ENCAPS_PORT",
    "5.11",
    struct("sctp_udpencaps", { ...ASSOCIATION_AND_STORAGE, port: u16 }),
    { source: "RFC 6951", query: associationAndStorage },
  ),
  /** Milliseconds between probes of a path's MTU; 0: none. */
  sctpPlpmtudProbeInterval: both(
    "SCTP_PLPMTUD_PROBE_INTERVAL",
    "5.14",
    struct("sctp_probeinterval", { ...ASSOCIATION_AND_STORAGE, interval: u32 }),
    { source: "RFC 8899", query: associationAndStorage },
  ),
};
