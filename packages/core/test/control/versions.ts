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
    by: "Another project that supports older kernels names the version: quinn-udp (to send `ipTos`, 3.13; `udpSegment`), libuv (`udpGro`), nix (to receive `mark`, 5.19)",
    names: ["ipTos", "udpSegment", "udpGro", "mark"],
  },
  {
    by: "The kernel's merge commit of the networking changes for that version lists it",
    names: ["tlsGetRecordType", "rdsZcopyCookie", "rdsZcopyCompletion"],
  },
  {
    by: "Linux 6.12's sources do not have it, and the tests have seen it in 6.18",
    names: ["tsOptId", "priority", "inq"],
  },
  {
    by: "Linux 6.12's sources do not have it",
    names: [
      ...(["btError", "devmemDmabufId", "rxrpcOobId", "rxrpcChallenged", "rxrpcRespond"] as const),
      ...(["rxrpcResponded", "rxrpcRespRxgkAppData"] as const),
    ],
  },
  {
    by: "Linux 6.1's sources do not have it, and 6.12's have it",
    names: ["pidfd", "devmemLinear", "devmemDmabuf"],
  },
  {
    by: "The sources of 2.6.32 do not have it, and those of 3.4 have it",
    names: ["packetTxTimestamp"],
  },
  { by: "The sources of 3.10 do not have it, and those of 4.9 have it", names: ["rxrpcExclusiveCall"] },
  { by: "The sources of 3.18 do not have it, and those of 4.9 have it", names: ["algSetAeadAssocLen"] },
  { by: "The sources of 4.19 have it", names: ["wpanLqi"] },
];
