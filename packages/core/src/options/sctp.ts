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
import { countedBytes, countedList, countedStruct, elements } from "../wire/counted.js";
import { byteFlag, flag } from "../wire/flag.js";
import { i32, u8, u16, u32, u64 } from "../wire/integers.js";
import type { Payload } from "../wire/payload.js";
import { initMessage, sendInfo, sendReceiveInfo } from "../wire/sctp.js";
import { growing, reserved, struct } from "../wire/struct.js";
import { level } from "./level.js";
import { addressList, countedAddresses } from "./sctp-addresses.js";

/** A field of a packed structure: it is not aligned. */
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

/** More than SCTP_AUTH_NUM_HMACS, include/net/sctp/constants.h. */
const HMACS = 16;
const CHUNKS = 256;
const ASSOCIATIONS = 4096;

/** The largest numbers that the counts of these lists can hold. */
const KEY_BYTES = 0xffff;
const STREAMS = 0xffff;

const authChunks = countedStruct("sctp_authchunks", ASSOCIATION, u32, { chunks: elements(u8, CHUNKS) });
const authKey = countedStruct("sctp_authkey", { association: i32, number: u16 }, u16, {
  key: countedBytes(KEY_BYTES),
});
/** `flags`: SCTP_STREAM_RESET_INCOMING | SCTP_STREAM_RESET_OUTGOING. An empty list means all streams. */
const resetStreams = countedStruct("sctp_reset_streams", { association: i32, flags: u16 }, u16, {
  streams: elements(u16, STREAMS),
});
const associationAddresses = countedStruct("sctp_getaddrs", ASSOCIATION, u32, {
  addresses: countedAddresses,
});

const ASSOCPARAMS = {
  association: i32,
  maxRetransmissions: u16,
  peerDestinations: u16,
  peerWindow: u32,
  localWindow: u32,
  cookieLife: u32,
};

const sendParamQuery = struct("sctp_sndrcvinfo", { _before: reserved(28), ...ASSOCIATION });

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

const { get, set, both } = level({ SOL_SCTP }, { source: "RFC 6458", families: ["ipv4", "ipv6"] });
/** For options that no man page describes. */
const kernel = level({ SOL_SCTP }, { source: "net/sctp/socket.c", families: ["ipv4", "ipv6"] });
const rfc6525 = level({ SOL_SCTP }, { source: "RFC 6525", families: ["ipv4", "ipv6"] });

/** The options of SOL_SCTP.
 *
 * On a one-to-many socket, `association` says which association is meant: 0 means all future ones, and other numbers are those that
 * messages and notifications contain. One-to-one sockets ignore it.
 */
export const sctpOptions = () => ({
  /** Retransmission timeouts in milliseconds. Setting 0 leaves a timeout unchanged.
   * SCTP_RTOINFO (0) of SOL_SCTP: struct sctp_rtoinfo, asked for with struct sctp_assoc_value, read and set. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpRtoInfo: both(
    { SCTP_RTOINFO },
    "2.6",
    struct("sctp_rtoinfo", { association: i32, initial: u32, max: u32, min: u32 }),
    { query: association },
  ),
  /** Parameters of an association: retransmissions, windows in bytes, the cookie's life in milliseconds.
   * SCTP_ASSOCINFO (1) of SOL_SCTP: struct sctp_assocparams, asked for with struct sctp_assoc_value, read and set. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpAssocInfo: both({ SCTP_ASSOCINFO }, "2.6", struct("sctp_assocparams", ASSOCPARAMS), {
    query: association,
  }),
  /** How to set up new associations: streams, attempts, and the timeout in milliseconds.
   * SCTP_INITMSG (2) of SOL_SCTP: struct sctp_initmsg, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpInitMsg: both({ SCTP_INITMSG }, "2.6", initMessage),
  /** Whether small chunks are sent at once.
   * SCTP_NODELAY (3) of SOL_SCTP: int, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpNoDelay: both({ SCTP_NODELAY }, "2.6", flag),
  /** A one-to-many socket closes an association after this many seconds of silence. 0: never.
   * SCTP_AUTOCLOSE (4) of SOL_SCTP: __u32, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpAutoClose: both({ SCTP_AUTOCLOSE }, "2.6", u32),
  /** Asks the peer to send to this address of our host.
   * SCTP_SET_PEER_PRIMARY_ADDR (5) of SOL_SCTP: struct sctp_prim, set. Since Linux 2.6. Source: RFC 6458. */
  sctpSetPeerPrimaryAddr: set({ SCTP_SET_PEER_PRIMARY_ADDR }, "2.6", addressOfAssociation),
  /** The peer's address to which packets are sent.
   * SCTP_PRIMARY_ADDR (6) of SOL_SCTP: struct sctp_prim, asked for with struct sctp_assoc_value, read and set. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpPrimaryAddr: both({ SCTP_PRIMARY_ADDR }, "2.6", addressOfAssociation, { query: association }),
  /** A number that tells the peer which protocol the program speaks on top of SCTP.
   * SCTP_ADAPTATION_LAYER (7) of SOL_SCTP: __u32, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpAdaptationLayer: both({ SCTP_ADAPTATION_LAYER }, "2.6", u32),
  /** Whether the kernel refuses messages that do not fit into one packet.
   * SCTP_DISABLE_FRAGMENTS (8) of SOL_SCTP: int, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpDisableFragments: both({ SCTP_DISABLE_FRAGMENTS }, "2.6", flag),
  /** A path's heartbeats, MTU and delays. The SPP_* flags say which of them to set.
   * SCTP_PEER_ADDR_PARAMS (9) of SOL_SCTP: struct sctp_paddrparams, asked for with struct sctp_prim, read and set. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpPeerAddrParams: both(
    { SCTP_PEER_ADDR_PARAMS },
    "2.6",
    growing("sctp_paddrparams", PADDRPARAMS, PADDRPARAMS_LATER),
    { query: associationAndAddress },
  ),
  /** The values for messages that are sent without SCTP_SNDRCV.
   * SCTP_DEFAULT_SEND_PARAM (10) of SOL_SCTP: struct sctp_sndrcvinfo, asked for with struct sctp_sndrcvinfo, read and set. Since
   * Linux 2.6. Source: RFC 6458. */
  sctpDefaultSendParam: both({ SCTP_DEFAULT_SEND_PARAM }, "2.6", sendReceiveInfo, {
    query: sendParamQuery,
  }),
  /** The values for messages that are sent without SCTP_SNDINFO.
   * SCTP_DEFAULT_SNDINFO (34) of SOL_SCTP: struct sctp_sndinfo, asked for with struct sctp_sndinfo, read and set. Since Linux 3.17.
   * Source: RFC 6458. */
  sctpDefaultSndInfo: both({ SCTP_DEFAULT_SNDINFO }, "3.17", sendInfo, {
    query: sndInfoQuery,
  }),
  /** When the kernel gives up a message that was not delivered.
   * SCTP_DEFAULT_PRINFO (114) of SOL_SCTP: struct sctp_default_prinfo, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 4.4. Source: RFC 6458. */
  sctpDefaultPrInfo: both(
    { SCTP_DEFAULT_PRINFO },
    "4.4",
    struct("sctp_default_prinfo", { association: i32, value: u32, policy: u16 }),
    { query: association },
  ),
  /** Which events come as notifications. With `dataIo`, messages come with SCTP_SNDRCV.
   * SCTP_EVENTS (11) of SOL_SCTP: struct sctp_event_subscribe, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpEvents: both({ SCTP_EVENTS }, "2.6", growing("sctp_event_subscribe", EVENTS, LATER_EVENTS)),
  /** Whether events of one kind (SCTP_*) come as notifications.
   * SCTP_EVENT (127) of SOL_SCTP: struct sctp_event, asked for with struct sctp_event, read and set. Since Linux 5.0. Source: RFC
   * 6458. */
  sctpEvent: both(
    { SCTP_EVENT },
    "5.0",
    struct("sctp_event", { association: i32, type: u16, on: byteFlag }),
    {
      query: eventQuery,
    },
  ),
  /** Whether an AF_INET6 socket shows IPv4 peers as v4-mapped.
   * SCTP_I_WANT_MAPPED_V4_ADDR (12) of SOL_SCTP: int, read and set. Since Linux 2.6. Source: RFC 6458. */
  sctpIWantMappedV4Addr: both({ SCTP_I_WANT_MAPPED_V4_ADDR }, "2.6", flag),
  /** The largest chunk of data, in bytes. 0: as large as the path permits.
   * SCTP_MAXSEG (13) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpMaxSeg: both({ SCTP_MAXSEG }, "2.6", associationValue, { query: association }),
  /** The state of an association.
   * SCTP_STATUS (14) of SOL_SCTP: struct sctp_status, asked for with struct sctp_assoc_value, read. Since Linux 2.6. Source: RFC
   * 6458. */
  sctpStatus: get({ SCTP_STATUS }, "2.6", struct("sctp_status", STATUS), { query: association }),
  /** The state of a path.
   * SCTP_GET_PEER_ADDR_INFO (15) of SOL_SCTP: struct sctp_paddrinfo, asked for with struct sctp_prim, read. Since Linux 2.6.
   * Source: RFC 6458. */
  sctpGetPeerAddrInfo: get({ SCTP_GET_PEER_ADDR_INFO }, "2.6", peerAddressInfo, {
    query: associationAndAddress,
  }),
  /** Acknowledgements wait for this many milliseconds, or for this many packets.
   * SCTP_DELAYED_SACK (16) of SOL_SCTP: struct sctp_sack_info, asked for with struct sctp_assoc_value, read and set. Since Linux
   * 2.6. Source: RFC 6458. */
  sctpDelayedSack: both(
    { SCTP_DELAYED_SACK },
    "2.6",
    struct("sctp_sack_info", { association: i32, delay: u32, frequency: u32 }),
    { query: association },
  ),
  /** A number that the reports of failed sends contain.
   * SCTP_CONTEXT (17) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since Linux
   * 2.6.20. Source: RFC 6458. */
  sctpContext: both({ SCTP_CONTEXT }, "2.6.20", associationValue, { query: association }),
  /** Whether receives may return the parts of several messages in mixed order.
   * SCTP_FRAGMENT_INTERLEAVE (18) of SOL_SCTP: int, read and set. Since Linux 2.6.20. Source: RFC 6458. */
  sctpFragmentInterleave: both({ SCTP_FRAGMENT_INTERLEAVE }, "2.6.20", i32),
  /** Messages that are at least this long, in bytes, are delivered in parts.
   * SCTP_PARTIAL_DELIVERY_POINT (19) of SOL_SCTP: __u32, read and set. Since Linux 2.6.22. Source: RFC 6458. */
  sctpPartialDeliveryPoint: both({ SCTP_PARTIAL_DELIVERY_POINT }, "2.6.22", u32),
  /** How many packets are sent at once, at most.
   * SCTP_MAX_BURST (20) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since Linux
   * 2.6.22. Source: RFC 6458. */
  sctpMaxBurst: both({ SCTP_MAX_BURST }, "2.6.22", associationValue, { query: association }),
  /** Adds a kind of chunk that the peer must authenticate.
   * SCTP_AUTH_CHUNK (21) of SOL_SCTP: __u8, set. Since Linux 2.6.24. Source: RFC 6458. */
  sctpAuthChunk: set({ SCTP_AUTH_CHUNK }, "2.6.24", u8),
  /** The algorithms of authentication, in the order of preference.
   * SCTP_HMAC_IDENT (22) of SOL_SCTP: struct sctp_hmacalgo, read and set. Since Linux 2.6.24. Source: RFC 6458. */
  sctpHmacIdent: both({ SCTP_HMAC_IDENT }, "2.6.24", countedList("sctp_hmacalgo", u16, HMACS)),
  /** Sets a key that is shared with the peer.
   * SCTP_AUTH_KEY (23) of SOL_SCTP: struct sctp_authkey, set. Since Linux 2.6.24. Source: RFC 6458. */
  sctpAuthKey: set({ SCTP_AUTH_KEY }, "2.6.24", authKey),
  /** Which key is in use, by its number.
   * SCTP_AUTH_ACTIVE_KEY (24) of SOL_SCTP: struct sctp_authkeyid, asked for with struct sctp_assoc_value, read and set. Since Linux
   * 2.6.24. Source: RFC 6458. */
  sctpAuthActiveKey: both({ SCTP_AUTH_ACTIVE_KEY }, "2.6.24", keyNumber, { query: association }),
  /** Deletes the key with this number.
   * SCTP_AUTH_DELETE_KEY (25) of SOL_SCTP: struct sctp_authkeyid, set. Since Linux 2.6.24. Source: RFC 6458. */
  sctpAuthDeleteKey: set({ SCTP_AUTH_DELETE_KEY }, "2.6.24", keyNumber),
  /** Deactivates the key with this number.
   * SCTP_AUTH_DEACTIVATE_KEY (35) of SOL_SCTP: struct sctp_authkeyid, set. Since Linux 4.17. Source: RFC 6458. */
  sctpAuthDeactivateKey: set({ SCTP_AUTH_DEACTIVATE_KEY }, "4.17", keyNumber),
  /** The kinds of chunks that the peer wants us to authenticate.
   * SCTP_PEER_AUTH_CHUNKS (26) of SOL_SCTP: struct sctp_authchunks, asked for with struct sctp_assoc_value, read. Since Linux
   * 2.6.24. Source: RFC 6458. */
  sctpPeerAuthChunks: get({ SCTP_PEER_AUTH_CHUNKS }, "2.6.24", authChunks, { query: association }),
  /** The kinds of chunks that the peer must authenticate.
   * SCTP_LOCAL_AUTH_CHUNKS (27) of SOL_SCTP: struct sctp_authchunks, asked for with struct sctp_assoc_value, read. Since Linux
   * 2.6.24. Source: RFC 6458. */
  sctpLocalAuthChunks: get({ SCTP_LOCAL_AUTH_CHUNKS }, "2.6.24", authChunks, { query: association }),
  /** How many associations a one-to-many socket has.
   * SCTP_GET_ASSOC_NUMBER (28) of SOL_SCTP: __u32, read. Since Linux 2.6.28. Source: RFC 6458. */
  sctpGetAssocNumber: get({ SCTP_GET_ASSOC_NUMBER }, "2.6.28", u32),
  /** The numbers of the associations of a one-to-many socket.
   * SCTP_GET_ASSOC_ID_LIST (29) of SOL_SCTP: struct sctp_assoc_ids, read. Since Linux 2.6.28. Source: RFC 6458. */
  sctpGetAssocIdList: get(
    { SCTP_GET_ASSOC_ID_LIST },
    "2.6.28",
    countedList("sctp_assoc_ids", i32, ASSOCIATIONS),
  ),
  /** Whether the kernel tells peers about addresses that this host gains or loses.
   * SCTP_AUTO_ASCONF (30) of SOL_SCTP: int, read and set. Since Linux 3.1. Source: RFC 6458. */
  sctpAutoAsconf: both({ SCTP_AUTO_ASCONF }, "3.1", flag),
  /** After how many errors a path counts as failed, and after how many as potentially failed.
   * SCTP_PEER_ADDR_THLDS (31) of SOL_SCTP: struct sctp_paddrthlds, asked for with struct sctp_paddrthlds, read and set. Since Linux
   * 3.6. Source: RFC 7829. */
  sctpPeerAddrThlds: both({ SCTP_PEER_ADDR_THLDS }, "3.6", struct("sctp_paddrthlds", THRESHOLDS), {
    source: "RFC 7829",
    query: associationAndStorage,
  }),
  /** As `sctpPeerAddrThlds`, with the number of errors after which another path becomes the primary one.
   * SCTP_PEER_ADDR_THLDS_V2 (37) of SOL_SCTP: struct sctp_paddrthlds_v2, asked for with struct sctp_paddrthlds, read and set. Since
   * Linux 5.5. Source: RFC 7829. */
  sctpPeerAddrThldsV2: both(
    { SCTP_PEER_ADDR_THLDS_V2 },
    "5.5",
    struct("sctp_paddrthlds_v2", { ...THRESHOLDS, primaryMaxFailures: u16 }),
    { source: "RFC 7829", query: associationAndStorage },
  ),
  /** Whether messages come with SCTP_RCVINFO.
   * SCTP_RECVRCVINFO (32) of SOL_SCTP: int, read and set. Since Linux 3.17. Source: RFC 6458. */
  sctpRecvRcvInfo: both({ SCTP_RECVRCVINFO }, "3.17", flag),
  /** Whether messages come with SCTP_NXTINFO, which describes the next message.
   * SCTP_RECVNXTINFO (33) of SOL_SCTP: int, read and set. Since Linux 3.17. Source: RFC 6458. */
  sctpRecvNxtInfo: both({ SCTP_RECVNXTINFO }, "3.17", flag),
  /** Whether several one-to-one sockets can be bound to one port.
   * SCTP_REUSE_PORT (36) of SOL_SCTP: int, read and set. Since Linux 4.19. Source: RFC 6458. */
  sctpReusePort: both({ SCTP_REUSE_PORT }, "4.19", flag),
  /** Binds further addresses.
   * SCTP_SOCKOPT_BINDX_ADD (100) of SOL_SCTP: struct sockaddr[], set. Since Linux 2.6. Source: net/sctp/socket.c. */
  sctpBindxAdd: kernel.set({ SCTP_SOCKOPT_BINDX_ADD }, "2.6", addressList),
  /** Unbinds addresses.
   * SCTP_SOCKOPT_BINDX_REM (101) of SOL_SCTP: struct sockaddr[], set. Since Linux 2.6. Source: net/sctp/socket.c. */
  sctpBindxRem: kernel.set({ SCTP_SOCKOPT_BINDX_REM }, "2.6", addressList),
  /** Connects to a peer that has these addresses.
   * SCTP_SOCKOPT_CONNECTX (110) of SOL_SCTP: struct sockaddr[], set. Since Linux 2.6. Source: net/sctp/socket.c. */
  sctpConnectx: kernel.set({ SCTP_SOCKOPT_CONNECTX }, "2.6", addressList),
  /** The peer's addresses.
   * SCTP_GET_PEER_ADDRS (108) of SOL_SCTP: struct sctp_getaddrs, asked for with struct sctp_assoc_value, read. Since Linux 2.6.
   * Source: net/sctp/socket.c. */
  sctpGetPeerAddrs: kernel.get({ SCTP_GET_PEER_ADDRS }, "2.6", associationAddresses, { query: association }),
  /** Our addresses.
   * SCTP_GET_LOCAL_ADDRS (109) of SOL_SCTP: struct sctp_getaddrs, asked for with struct sctp_assoc_value, read. Since Linux 2.6.
   * Source: net/sctp/socket.c. */
  sctpGetLocalAddrs: kernel.get({ SCTP_GET_LOCAL_ADDRS }, "2.6", associationAddresses, {
    query: association,
  }),
  /** The statistics of an association. Reading resets `maxRto`.
   * SCTP_GET_ASSOC_STATS (112) of SOL_SCTP: struct sctp_assoc_stats, asked for with struct sctp_assoc_value, read. Since Linux 3.8.
   * Source: include/uapi/linux/sctp.h. */
  sctpGetAssocStats: get({ SCTP_GET_ASSOC_STATS }, "3.8", struct("sctp_assoc_stats", STATS), {
    source: "include/uapi/linux/sctp.h",
    query: association,
  }),
  /** Whether the kernel may give up messages (partial reliability).
   * SCTP_PR_SUPPORTED (113) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since Linux
   * 4.4. Source: RFC 7496. */
  sctpPrSupported: both({ SCTP_PR_SUPPORTED }, "4.4", associationValue, {
    source: "RFC 7496",
    query: association,
  }),
  /** How many messages of an association the kernel has given up.
   * SCTP_PR_ASSOC_STATUS (115) of SOL_SCTP: struct sctp_prstatus, asked for with struct sctp_prstatus, read. Since Linux 4.4.
   * Source: RFC 7496. */
  sctpPrAssocStatus: get({ SCTP_PR_ASSOC_STATUS }, "4.4", struct("sctp_prstatus", PRSTATUS), {
    source: "RFC 7496",
    query: prStatusQuery,
  }),
  /** How many messages of a stream the kernel has given up.
   * SCTP_PR_STREAM_STATUS (116) of SOL_SCTP: struct sctp_prstatus, asked for with struct sctp_prstatus, read. Since Linux 4.4.
   * Source: RFC 7496. */
  sctpPrStreamStatus: get({ SCTP_PR_STREAM_STATUS }, "4.4", struct("sctp_prstatus", PRSTATUS), {
    source: "RFC 7496",
    query: prStatusQuery,
  }),
  /** Whether streams can be reset.
   * SCTP_RECONFIG_SUPPORTED (117) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 4.11. Source: RFC 6525. */
  sctpReconfigSupported: rfc6525.both({ SCTP_RECONFIG_SUPPORTED }, "4.11", associationValue, {
    query: association,
  }),
  /** Which requests of the peer the kernel grants: SCTP_ENABLE_*.
   * SCTP_ENABLE_STREAM_RESET (118) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set.
   * Since Linux 4.11. Source: RFC 6525. */
  sctpEnableStreamReset: rfc6525.both({ SCTP_ENABLE_STREAM_RESET }, "4.11", associationValue, {
    query: association,
  }),
  /** Resets streams: their sequence numbers begin at 0 again.
   * SCTP_RESET_STREAMS (119) of SOL_SCTP: struct sctp_reset_streams, set. Since Linux 4.11. Source: RFC 6525. */
  sctpResetStreams: rfc6525.set({ SCTP_RESET_STREAMS }, "4.11", resetStreams),
  /** Resets all streams and sequence numbers of the association with this number.
   * SCTP_RESET_ASSOC (120) of SOL_SCTP: int, set. Since Linux 4.11. Source: RFC 6525. */
  sctpResetAssoc: rfc6525.set({ SCTP_RESET_ASSOC }, "4.11", i32),
  /** Adds streams.
   * SCTP_ADD_STREAMS (121) of SOL_SCTP: struct sctp_add_streams, set. Since Linux 4.11. Source: RFC 6525. */
  sctpAddStreams: rfc6525.set(
    { SCTP_ADD_STREAMS },
    "4.11",
    struct("sctp_add_streams", { association: i32, incoming: u16, outgoing: u16 }),
  ),
  /** How streams take turns: SCTP_SS_*.
   * SCTP_STREAM_SCHEDULER (123) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 4.15. Source: RFC 8260. */
  sctpStreamScheduler: both({ SCTP_STREAM_SCHEDULER }, "4.15", associationValue, {
    source: "RFC 8260",
    query: association,
  }),
  /** A stream's priority or weight.
   * SCTP_STREAM_SCHEDULER_VALUE (124) of SOL_SCTP: struct sctp_stream_value, asked for with struct sctp_stream_value, read and set.
   * Since Linux 4.15. Source: RFC 8260. */
  sctpStreamSchedulerValue: both({ SCTP_STREAM_SCHEDULER_VALUE }, "4.15", streamValue, {
    source: "RFC 8260",
    query: streamQuery,
  }),
  /** Whether the kernel may send chunks of several messages interleaved.
   * SCTP_INTERLEAVING_SUPPORTED (125) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set.
   * Since Linux 4.16. Source: RFC 8260. */
  sctpInterleavingSupported: both({ SCTP_INTERLEAVING_SUPPORTED }, "4.16", associationValue, {
    source: "RFC 8260",
    query: association,
  }),
  /** Whether addresses can be added to an association, and removed from it.
   * SCTP_ASCONF_SUPPORTED (128) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 5.4. Source: net/sctp/socket.c. */
  sctpAsconfSupported: kernel.both({ SCTP_ASCONF_SUPPORTED }, "5.4", associationValue, {
    query: association,
  }),
  /** Whether chunks can be authenticated.
   * SCTP_AUTH_SUPPORTED (129) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 5.4. Source: net/sctp/socket.c. */
  sctpAuthSupported: kernel.both({ SCTP_AUTH_SUPPORTED }, "5.4", associationValue, { query: association }),
  /** Whether congestion is notified explicitly.
   * SCTP_ECN_SUPPORTED (130) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read and set. Since
   * Linux 5.4. Source: net/sctp/socket.c. */
  sctpEcnSupported: kernel.both({ SCTP_ECN_SUPPORTED }, "5.4", associationValue, { query: association }),
  /** Whether notifications report paths that have potentially failed.
   * SCTP_EXPOSE_POTENTIALLY_FAILED_STATE (131) of SOL_SCTP: struct sctp_assoc_value, asked for with struct sctp_assoc_value, read
   * and set. Since Linux 5.5. Source: RFC 7829. */
  sctpExposePotentiallyFailedState: both({ SCTP_EXPOSE_POTENTIALLY_FAILED_STATE }, "5.5", associationValue, {
    source: "RFC 7829",
    query: association,
  }),
  /** The UDP port to which a path's packets go, encapsulated in UDP. 0: they are not encapsulated.
   * SCTP_REMOTE_UDP_ENCAPS_PORT (132) of SOL_SCTP: struct sctp_udpencaps, asked for with struct sctp_paddrthlds, read and set.
   * Since Linux 5.11. Source: RFC 6951. */
  sctpRemoteUdpEncapsPort: both(
    { SCTP_REMOTE_UDP_ENCAPS_PORT },
    "5.11",
    struct("sctp_udpencaps", { ...ASSOCIATION_AND_STORAGE, port: u16 }),
    { source: "RFC 6951", query: associationAndStorage },
  ),
  /** Milliseconds between two probes of a path's MTU. 0: no probes.
   * SCTP_PLPMTUD_PROBE_INTERVAL (133) of SOL_SCTP: struct sctp_probeinterval, asked for with struct sctp_paddrthlds, read and set.
   * Since Linux 5.14. Source: RFC 8899. */
  sctpPlpmtudProbeInterval: both(
    { SCTP_PLPMTUD_PROBE_INTERVAL },
    "5.14",
    struct("sctp_probeinterval", { ...ASSOCIATION_AND_STORAGE, interval: u32 }),
    { source: "RFC 8899", query: associationAndStorage },
  ),
});
