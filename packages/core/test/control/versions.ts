import type { ControlName } from "../../src/control/index.js";

/** The sources of the versions in the table. A version that is in none of these lists is not verified. */
export const versions: readonly { readonly by: string; readonly names: readonly ControlName[] }[] = [
  {
    by: "A man page names the version",
    names: [
      ...(["rights", "credentials", "security", "timestampNsOld", "rxqOvfl"] as const),
      ...(["ipTos", "ipTtl", "ipSecurity", "ipRecvOpts", "ipRetOpts", "ipPktInfo", "ipRecvErr"] as const),
      ...(["ipOrigDstAddr", "ipv6PktInfo", "ipv6HopLimit", "ipv6Tclass", "ipv6HopOpts"] as const),
      ...(["ipv6RtHdrDstOpts", "ipv6RtHdr", "ipv6DstOpts", "ipv6PathMtu", "ipv6DontFrag"] as const),
      ...(["ipv6RecvErr", "ipv6OrigDstAddr"] as const),
      ...(["netlinkPktInfo", "netlinkListenAllNsid", "packetAuxData"] as const),
    ],
  },
  {
    by: "Another project names the version, having met older kernels: quinn-udp (to send `ipTos`, 3.13; `udpSegment`), libuv (`udpGro`), nix (to receive `mark`, 5.19)",
    names: ["ipTos", "udpSegment", "udpGro", "mark"],
  },
  {
    by: "The merge of networking into that version lists it",
    names: ["tlsGetRecordType", "rdsZcopyCookie", "rdsZcopyCompletion"],
  },
  {
    by: "Linux 6.12's sources lack it, and the tests have met it in 6.18",
    names: ["tsOptId", "priority", "inq"],
  },
  {
    by: "Linux 6.12's sources lack it",
    names: [
      ...(["btError", "devmemDmabufId", "rxrpcOobId", "rxrpcChallenged", "rxrpcRespond"] as const),
      ...(["rxrpcResponded", "rxrpcRespRxgkAppData"] as const),
    ],
  },
  {
    by: "Linux 6.1's sources lack it, and 6.12's have it",
    names: ["pidfd", "devmemLinear", "devmemDmabuf"],
  },
  {
    by: "Sources lack it in 2.6.32 and have it in 3.4",
    names: ["packetTxTimestamp"],
  },
  { by: "Sources lack it in 3.10 and have it in 4.9", names: ["rxrpcExclusiveCall"] },
  { by: "Sources lack it in 3.18 and have it in 4.9", names: ["algSetAeadAssocLen"] },
  { by: "Sources have it in 4.19", names: ["wpanLqi"] },
];
