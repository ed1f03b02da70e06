import { beforeAll, describe, expect, it } from "vitest";
import {
  TLS_1_3_VERSION,
  TLS_CIPHER_AES_CCM_128,
  TLS_CIPHER_AES_GCM_128,
  TLS_CIPHER_AES_GCM_256,
  TLS_CIPHER_ARIA_GCM_128,
  TLS_CIPHER_ARIA_GCM_256,
  TLS_CIPHER_CHACHA20_POLY1305,
  TLS_CIPHER_SM4_CCM,
  TLS_CIPHER_SM4_GCM,
} from "../../src/constants/tls.js";
import type { Layout } from "../../src/control/index.js";
import {
  encodeOption,
  type OptionEntry,
  type OptionInput,
  type OptionName,
  socketOptions,
} from "../../src/options/index.js";
import { compilerMissing, runC } from "../support/c-compiler.js";

interface Group {
  readonly headers: readonly string[];
  /** The levels of its options. */
  readonly levels: readonly string[];
}

const GROUPS: Record<string, Group> = {
  socket: {
    headers: ["sys/socket.h", "linux/types.h", "linux/time_types.h", "linux/net_tstamp.h"],
    levels: ["SOL_SOCKET"],
  },
  ip: { headers: ["linux/in.h"], levels: ["SOL_IP", "SOL_RAW"] },
  ipv6: { headers: ["linux/in6.h", "linux/ipv6.h"], levels: ["SOL_IPV6", "SOL_ICMPV6"] },
  tcp: { headers: ["linux/socket.h", "linux/tcp.h"], levels: ["SOL_TCP"] },
  packet: { headers: ["linux/if_packet.h"], levels: ["SOL_PACKET"] },
  can: {
    headers: ["linux/can.h", "linux/can/raw.h", "linux/can/isotp.h", "linux/can/j1939.h"],
    levels: ["SOL_CAN_RAW", "SOL_CAN_ISOTP", "SOL_CAN_J1939"],
  },
  sctp: { headers: ["stdint.h", "sys/socket.h", "linux/sctp.h"], levels: ["SOL_SCTP"] },
  udp: { headers: ["linux/udp.h"], levels: ["SOL_UDP"] },
  tls: { headers: ["linux/tls.h"], levels: ["SOL_TLS"] },
  netlink: { headers: ["sys/socket.h", "linux/netlink.h"], levels: ["SOL_NETLINK"] },
  vsock: {
    headers: ["sys/socket.h", "linux/types.h", "linux/time_types.h", "linux/vm_sockets.h"],
    levels: ["AF_VSOCK"],
  },
};

/** The options of these groups are integers and values of varying length. The tests compare only bytes. */
const NO_STRUCTURES: ReadonlySet<string> = new Set(["udp", "tls", "netlink"]);

/** Options that the headers of Linux 6.1 lack (the oldest here), or whose value is not just one C structure. */
const NOT_IN_HEADERS: ReadonlySet<string> = new Set([
  "struct can_raw_vcid_options",
  "struct dmabuf_token",
  "struct sk_meminfo",
  "struct xfrm_userpolicy_info",
  "struct ipv6_opt_hdr",
]);

/** The structures of a group, with our size of each, including fields of newer kernels. */
function structures({ levels }: Group, layout: Layout): Map<string, number> {
  const found = new Map<string, number>();
  for (const { levelName, payload, setPayload } of Object.values<OptionEntry>(socketOptions)) {
    if (!levels.includes(levelName)) continue;
    for (const each of setPayload ? [payload, setPayload] : [payload]) {
      const ctype = each.ctype.replace(/\[\]$/, "");
      // A structure that ends in a list is compared by its bytes below.
      const isOpen = each.measure !== undefined && each.reserve !== undefined && !GROWING.has(ctype);
      const isList = each.ctype.endsWith("[]");
      if (!ctype.startsWith("struct ") || NOT_IN_HEADERS.has(ctype) || (isOpen && !isList) || isList)
        continue;
      found.set(ctype, (each.reserve ?? each.size)[layout]);
    }
  }
  return found;
}

const GROWING: ReadonlySet<string> = new Set(["struct sctp_paddrparams", "struct sctp_event_subscribe"]);

interface Sample {
  group: keyof typeof GROUPS;
  name: OptionName;
  value: unknown;
  /** A declaration of `v`, and the statements that fill it in. */
  c: string;
  length?: string;
}

function sample<N extends OptionName>(
  group: string,
  name: N,
  value: OptionInput<N>,
  c: string,
  length?: string,
): Sample {
  return { group, name, value, c, ...(length === undefined ? {} : { length }) };
}

const V4 = { family: "ipv4", address: "224.1.2.3", port: 7 } as const;
const V6 = { family: "ipv6", address: "ff02::12", port: 7 } as const;
const bytes = (...values: number[]) => Uint8Array.from(values);
/** Bytes that all differ. */
const counting = (count: number, from: number) => Uint8Array.from({ length: count }, (_, i) => from + i);

/** struct tls12_crypto_info_*: the cipher's name in C, and the lengths of the fields. */
const CIPHERS = [
  ["AES_GCM_128", TLS_CIPHER_AES_GCM_128, 8, 16, 4],
  ["AES_GCM_256", TLS_CIPHER_AES_GCM_256, 8, 32, 4],
  ["AES_CCM_128", TLS_CIPHER_AES_CCM_128, 8, 16, 4],
  ["CHACHA20_POLY1305", TLS_CIPHER_CHACHA20_POLY1305, 12, 32, 0],
  ["SM4_GCM", TLS_CIPHER_SM4_GCM, 8, 16, 4],
  ["SM4_CCM", TLS_CIPHER_SM4_CCM, 8, 16, 4],
  ["ARIA_GCM_128", TLS_CIPHER_ARIA_GCM_128, 8, 16, 4],
  ["ARIA_GCM_256", TLS_CIPHER_ARIA_GCM_256, 8, 32, 4],
] as const;

/** A sockaddr_in of V4 at an lvalue. */
const v4At = (place: string) => `memcpy(&${place}, (unsigned char[]){2,0,0,7,224,1,2,3}, 8);`;
const v6At = (place: string) =>
  `memcpy(&${place}, (unsigned char[]){10,0,0,7,0,0,0,0,255,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0x12,0,0,0,0}, 28);`;
const in6At = (place: string) =>
  `memcpy(&${place}, (unsigned char[]){255,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0x12}, 16);`;

const SAMPLES: Sample[] = [
  sample("socket", "linger", { onOff: true, seconds: 5 }, "struct linger v = { 1, 5 };"),
  sample("socket", "txTime", { clockId: 11, flags: 3 }, "struct sock_txtime v = { 11, 3 };"),
  sample(
    "ip",
    "ipAddMembership",
    { group: "224.1.2.3", interface: 5 },
    "struct ip_mreqn v = { .imr_multiaddr = { htonl(0xe0010203) }, .imr_ifindex = 5 };",
  ),
  sample(
    "ip",
    "ipMulticastIf",
    { address: "10.0.0.1", interface: 5 },
    "struct ip_mreqn v = { .imr_address = { htonl(0x0a000001) }, .imr_ifindex = 5 };",
  ),
  sample(
    "ip",
    "ipBlockSource",
    { group: "224.1.2.3", interfaceAddress: "10.0.0.1", source: "10.0.0.2" },
    "struct ip_mreq_source v = { .imr_multiaddr = htonl(0xe0010203), .imr_interface = htonl(0x0a000001), .imr_sourceaddr = htonl(0x0a000002) };",
  ),
  sample(
    "ip",
    "mcastJoinGroup",
    { interface: 3, group: V4 },
    `struct group_req v = { .gr_interface = 3 }; ${v4At("v.gr_group")}`,
  ),
  sample(
    "ip",
    "mcastBlockSource",
    { interface: 3, group: V4, source: V4 },
    `struct group_source_req v = { .gsr_interface = 3 }; ${v4At("v.gsr_group")} ${v4At("v.gsr_source")}`,
  ),
  sample("ip", "ipUnicastIf", 5, "unsigned v = htonl(5);"),
  sample(
    "ipv6",
    "ipv6AddMembership",
    { group: "ff02::12", interface: 5 },
    `struct ipv6_mreq v = { .ipv6mr_interface = 5 }; ${in6At("v.ipv6mr_multiaddr")}`,
  ),
  sample(
    "ipv6",
    "ipv6PktInfo",
    { address: "ff02::12", interface: 5 },
    `struct in6_pktinfo v = { .ipi6_ifindex = 5 }; ${in6At("v.ipi6_addr")}`,
  ),
  sample(
    "ipv6",
    "ipv6FlowLabelMgr",
    { destination: "ff02::12", label: 9, action: 1, share: 2, flags: 3, expires: 4, linger: 5 },
    `struct in6_flowlabel_req v = { .flr_label = htonl(9), .flr_action = 1, .flr_share = 2, .flr_flags = 3, .flr_expires = 4, .flr_linger = 5 }; ${in6At("v.flr_dst")}`,
  ),
  sample(
    "tcp",
    "tcpMd5SigExt",
    { address: V6, key: bytes(1, 2, 3), flags: 3, prefixLength: 64, interface: 5 },
    `struct tcp_md5sig v = { .tcpm_flags = 3, .tcpm_prefixlen = 64, .tcpm_keylen = 3, .tcpm_ifindex = 5, .tcpm_key = { 1, 2, 3 } }; ${v6At("v.tcpm_addr")}`,
  ),
  sample(
    "tcp",
    "tcpRepairWindow",
    { sndWl1: 1, sndWnd: 2, maxWindow: 3, rcvWnd: 4, rcvWup: 5 },
    "struct tcp_repair_window v = { .snd_wl1 = 1, .snd_wnd = 2, .max_window = 3, .rcv_wnd = 4, .rcv_wup = 5 };",
  ),
  sample(
    "packet",
    "packetAddMembership",
    { interface: 5, type: 1, address: bytes(1, 2, 3, 4, 5, 6) },
    "struct packet_mreq v = { .mr_ifindex = 5, .mr_type = 1, .mr_alen = 6, .mr_address = { 1, 2, 3, 4, 5, 6 } };",
  ),
  sample(
    "can",
    "canIsotpOpts",
    { flags: 1, frameTxtime: 2, extAddress: 3, txpadContent: 4, rxpadContent: 5, rxExtAddress: 6 },
    "struct can_isotp_options v = { .flags = 1, .frame_txtime = 2, .ext_address = 3, .txpad_content = 4, .rxpad_content = 5, .rx_ext_address = 6 };",
  ),
  sample(
    "can",
    "j1939Filter",
    [{ name: 1n, nameMask: 2n, pgn: 3, pgnMask: 4, address: 5, addressMask: 6 }],
    "struct j1939_filter v = { .name = 1, .name_mask = 2, .pgn = 3, .pgn_mask = 4, .addr = 5, .addr_mask = 6 };",
  ),
  sample(
    "sctp",
    "sctpPeerAddrParams",
    {
      association: 1,
      address: V4,
      heartbeatInterval: 2,
      maxRetransmissions: 3,
      pathMtu: 4,
      sackDelay: 5,
      flags: 6,
      flowLabel: 7,
      dscp: 8,
    },
    `struct sctp_paddrparams v = { .spp_assoc_id = 1, .spp_hbinterval = 2, .spp_pathmaxrxt = 3, .spp_pathmtu = 4, .spp_sackdelay = 5, .spp_flags = 6, .spp_ipv6_flowlabel = 7, .spp_dscp = 8 }; ${v4At("v.spp_address")}`,
  ),
  sample(
    "sctp",
    "sctpPrimaryAddr",
    { association: 1, address: V6 },
    `struct sctp_prim v = { .ssp_assoc_id = 1 }; ${v6At("v.ssp_addr")}`,
  ),
  sample(
    "sctp",
    "sctpPeerAddrThlds",
    { association: 1, address: V6, maxRetransmissions: 2, maxFailures: 3 },
    `struct sctp_paddrthlds v = { .spt_assoc_id = 1, .spt_pathmaxrxt = 2, .spt_pathpfthld = 3 }; ${v6At("v.spt_address")}`,
  ),
  sample(
    "sctp",
    "sctpInitMsg",
    { outboundStreams: 1, maxInboundStreams: 2, maxAttempts: 3, maxInitTimeout: 4 },
    "struct sctp_initmsg v = { 1, 2, 3, 4 };",
  ),
  sample(
    "sctp",
    "sctpDefaultSendParam",
    {
      stream: 1,
      ssn: 2,
      flags: 3,
      ppid: 4,
      context: 5,
      timeToLive: 6,
      tsn: 7,
      cumulativeTsn: 8,
      association: 9,
    },
    "struct sctp_sndrcvinfo v = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };",
  ),
  sample(
    "sctp",
    "sctpEvent",
    { association: 1, type: 2, on: true },
    "struct sctp_event v = { .se_assoc_id = 1, .se_type = 2, .se_on = 1 };",
  ),
  ...CIPHERS.map(([name, cipher, iv, key, salt]) =>
    sample(
      "tls",
      "tlsTx",
      {
        version: TLS_1_3_VERSION,
        cipher,
        iv: counting(iv, 0x10),
        key: counting(key, 0x20),
        salt: counting(salt, 0x60),
        recordSequence: counting(8, 0x70),
      },
      `struct tls12_crypto_info_${name.toLowerCase()} v = { .info = { TLS_1_3_VERSION, TLS_CIPHER_${name} } };
      for (int i = 0; i < sizeof v.iv; i++) v.iv[i] = 0x10 + i;
      for (int i = 0; i < sizeof v.key; i++) v.key[i] = 0x20 + i;
      for (int i = 0; i < sizeof v.salt; i++) v.salt[i] = 0x60 + i;
      for (int i = 0; i < sizeof v.rec_seq; i++) v.rec_seq[i] = 0x70 + i;`,
    ),
  ),
  sample("tls", "tlsRxExpectNoPad", true, "int v = 1;"),
  sample("udp", "udpEncap", 2, "int v = UDP_ENCAP_ESPINUDP;"),
  sample("udp", "udpSegment", 1200, "int v = 1200;"),
  sample("netlink", "netlinkAddMembership", 0x80000001, "unsigned v = 0x80000001;"),
  sample("netlink", "netlinkPktInfo", true, "int v = 1;"),
  sample("vsock", "vmSocketsBufferSize", 0x123456789an, "unsigned long long v = 0x123456789a;"),
  sample(
    "vsock",
    "vmSocketsConnectTimeout",
    3_000_005_000n,
    "struct __kernel_old_timeval v = { .tv_sec = 3, .tv_usec = 5 };",
  ),
];

/** A static variable with a constant initialiser has zeros as padding. */
const padded = (c: string) => (c.includes("htonl") ? c : `static ${c}`);

const program = (headers: readonly string[], body: string) => `#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <stddef.h>
#include <arpa/inet.h>
${headers.map((header) => `#include <${header}>\n`).join("")}
static void print(const void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
  printf("\\n");
}
int main(void) {
${body}
  return 0;
}
`;

// linux/in.h and linux/in6.h define nothing that glibc's headers define, if arpa/inet.h includes those first.
const glibcFirst = (headers: readonly string[]) =>
  headers.map((header) => (header === "linux/in.h" || header === "linux/in6.h" ? "netinet/in.h" : header));

it("every option is of a group's level", () => {
  const levels = Object.values(GROUPS).flatMap((group) => group.levels);
  const others = Object.values<OptionEntry>(socketOptions).filter(
    ({ levelName }) => !levels.includes(levelName),
  );
  expect(others.map(({ constant }) => constant)).toEqual([]);
});

for (const layout of ["64", "32"] as const satisfies readonly Layout[]) {
  const missing = compilerMissing(layout);
  const describeIt = missing === undefined ? describe : describe.skip;
  describeIt(`options against C, ${layout}-bit layout${missing ? ` (skipped: ${missing})` : ""}`, () => {
    // The compiler needs most of its time for the headers. So one program prints all values of a group.
    const inC = new Map<string, { sizes: number[]; bytes: string[] }>();
    beforeAll(() => {
      for (const [name, group] of Object.entries(GROUPS)) {
        const sizes = [...structures(group, layout).keys()].map(
          (ctype) => `  printf("%zu\\n", sizeof(${ctype}));`,
        );
        const bytes = SAMPLES.filter((each) => each.group === name).map(
          ({ c, length = "sizeof v" }) => `  { ${padded(c)} print(&v, ${length}); }`,
        );
        const body = [...sizes, ...bytes].join("\n");
        const lines = runC(program(glibcFirst(group.headers), body), layout);
        inC.set(name, {
          sizes: lines.slice(0, sizes.length).map(Number),
          bytes: lines.slice(sizes.length),
        });
      }
    });

    it.each(Object.keys(GROUPS).filter((name) => !NO_STRUCTURES.has(name)))(
      "%s: the structures have the sizes of C",
      (name) => {
        const ours = [...structures(GROUPS[name]!, layout)];
        expect(ours.length).toBeGreaterThan(0);
        const { sizes } = inC.get(name)!;
        ours.forEach(([ctype, size], i) => {
          // The headers are older than the structure's last field.
          if (ctype === "struct tcp_info") expect(size).toBeGreaterThanOrEqual(sizes[i]!);
          else expect(`${ctype} ${size}`).toBe(`${ctype} ${sizes[i]}`);
        });
      },
    );

    it.each(Object.keys(GROUPS))("%s: the bytes are those of C", (name) => {
      const own = SAMPLES.filter((each) => each.group === name);
      expect(own.length).toBeGreaterThan(0);
      const { bytes } = inC.get(name)!;
      own.forEach(({ name: option, value }, i) => {
        const encoded = encodeOption(option, value as never, { layout });
        expect(`${option} ${Buffer.from(encoded).toString("hex")}`).toBe(`${option} ${bytes[i]}`);
      });
    });

    it("the fields of tcp_info have the offsets of C", () => {
      const fields = {
        state: "tcpi_state",
        rto: "tcpi_rto",
        totalRetrans: "tcpi_total_retrans",
        pacingRate: "tcpi_pacing_rate",
        segsIn: "tcpi_segs_in",
        deliveryRate: "tcpi_delivery_rate",
        deliveredCe: "tcpi_delivered_ce",
        bytesRetrans: "tcpi_bytes_retrans",
        sndWnd: "tcpi_snd_wnd",
      } as const;
      const { payload } = socketOptions.tcpInfo;
      const body = Object.values(fields)
        .map((field) => `  printf("%zu\\n", offsetof(struct tcp_info, ${field}));`)
        .join("\n");
      const offsets = runC(program(GROUPS.tcp!.headers, body), layout).map(Number);
      Object.keys(fields).forEach((field, i) => {
        const memory = new Uint8Array(payload.reserve![layout]);
        memory[offsets[i]!] = 0x5a;
        const value = payload.read(memory, 0, memory.length, layout)!;
        expect(`${field} ${value[field as keyof typeof fields]}`).toBe(`${field} 90`);
      });
    });
  });
}
