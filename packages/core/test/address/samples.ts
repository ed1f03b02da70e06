import type { Address } from "../../src/address/index.js";

/** An address, and the C statements that declare the same address as `p`. */
export interface AddressSample {
  address: Address;
  c: string;
  /** The sockaddr's length in C, if it is not `sizeof p`. */
  length?: string;
}

const LONGEST = "p".repeat(108);
const ZEROED = "memset(&p, 0, sizeof p);";

/** Only the kernel's own headers and BlueZ define Bluetooth's structures. */
export const PRELUDE = `
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <linux/types.h>
#include <linux/netlink.h>
#include <linux/if_packet.h>
#include <linux/if_ether.h>
#include <linux/vm_sockets.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/tipc.h>
#include <linux/rxrpc.h>
#include <linux/qrtr.h>
#include <linux/if_xdp.h>
#include <linux/llc.h>
typedef struct { __u8 b[6]; } __attribute__((packed)) bdaddr_t;
struct sockaddr_hci { sa_family_t hci_family; unsigned short hci_dev; unsigned short hci_channel; };
struct sockaddr_sco { sa_family_t sco_family; bdaddr_t sco_bdaddr; };
struct sockaddr_rc { sa_family_t rc_family; bdaddr_t rc_bdaddr; __u8 rc_channel; };
struct sockaddr_l2 { sa_family_t l2_family; __le16 l2_psm; bdaddr_t l2_bdaddr; __le16 l2_cid; __u8 l2_bdaddr_type; };
`;

export const samples: readonly AddressSample[] = [
  {
    address: { family: "unix", path: "/run/app.sock" },
    c: 'struct sockaddr_un p = { AF_UNIX, "/run/app.sock" };',
    length: "SUN_LEN(&p)",
  },
  {
    address: { family: "unix", path: LONGEST },
    c: `struct sockaddr_un p = { AF_UNIX }; memset(p.sun_path, 'p', sizeof p.sun_path);`,
  },
  {
    address: { family: "unix", abstract: "a\0b" },
    c: 'struct sockaddr_un p = { AF_UNIX, "\\0a\\0b" };',
    length: "offsetof(struct sockaddr_un, sun_path) + 4",
  },
  { address: { family: "unix" }, c: "sa_family_t p = AF_UNIX;" },
  {
    address: { family: "ipv4", address: "192.0.2.1", port: 8080 },
    c: 'struct sockaddr_in p = { .sin_family = AF_INET, .sin_port = htons(8080) }; inet_pton(AF_INET, "192.0.2.1", &p.sin_addr);',
  },
  {
    address: { family: "ipv6", address: "2001:db8::ff00:42:8329", port: 443, flowlabel: 0x12345, scopeId: 7 },
    c: 'struct sockaddr_in6 p = { .sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_flowinfo = htonl(0x12345), .sin6_scope_id = 7 }; inet_pton(AF_INET6, "2001:db8::ff00:42:8329", &p.sin6_addr);',
  },
  {
    address: { family: "netlink", port: 1234, groups: 0x80000001 },
    c: "struct sockaddr_nl p = { .nl_family = AF_NETLINK, .nl_pid = 1234, .nl_groups = 0x80000001 };",
  },
  {
    address: {
      family: "packet",
      interface: 2,
      protocol: 0x88cc,
      hatype: 1,
      packetType: 4,
      address: "01:80:c2:00:00:0e",
    },
    c: "struct sockaddr_ll p = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_LLDP), .sll_ifindex = 2, .sll_hatype = 1, .sll_pkttype = PACKET_OUTGOING, .sll_halen = 6, .sll_addr = { 1, 0x80, 0xc2, 0, 0, 0x0e } };",
  },
  {
    address: { family: "vsock", cid: 0xffffffff, port: 1024, flags: 1 },
    c: "struct sockaddr_vm p = { .svm_family = AF_VSOCK, .svm_port = 1024, .svm_cid = VMADDR_CID_ANY, .svm_flags = VMADDR_FLAG_TO_HOST };",
  },
  {
    address: { family: "can", interface: 3 },
    c: `struct sockaddr_can p; ${ZEROED} p.can_family = AF_CAN; p.can_ifindex = 3;`,
    length: "offsetof(struct sockaddr_can, can_addr)",
  },
  {
    address: { family: "can", interface: 3, rxId: 0x80000123, txId: 0x321 },
    c: `struct sockaddr_can p; ${ZEROED} p.can_family = AF_CAN; p.can_ifindex = 3; p.can_addr.tp.rx_id = 0x80000123; p.can_addr.tp.tx_id = 0x321;`,
    length: "offsetof(struct sockaddr_can, can_addr) + sizeof p.can_addr.tp",
  },
  {
    address: { family: "can", interface: 3, name: 0x8000000000000001n, pgn: 0x40000, address: 0xff },
    c: `struct sockaddr_can p; ${ZEROED} p.can_family = AF_CAN; p.can_ifindex = 3; p.can_addr.j1939.name = 0x8000000000000001; p.can_addr.j1939.pgn = 0x40000; p.can_addr.j1939.addr = 0xff;`,
    length: "offsetof(struct sockaddr_can, can_addr) + 16",
  },
  {
    address: { family: "alg", type: "skcipher", name: "cbc(aes)", features: 1, mask: 2 },
    c: 'struct sockaddr_alg p = { .salg_family = AF_ALG, .salg_type = "skcipher", .salg_feat = 1, .salg_mask = 2, .salg_name = "cbc(aes)" };',
  },
  {
    address: { family: "bluetooth", protocol: "hci", device: 1, channel: 3 },
    c: "struct sockaddr_hci p = { AF_BLUETOOTH, 1, 3 };",
  },
  {
    address: { family: "bluetooth", protocol: "sco", address: "11:22:33:44:55:AA" },
    c: "struct sockaddr_sco p = { AF_BLUETOOTH, { { 0xaa, 0x55, 0x44, 0x33, 0x22, 0x11 } } };",
  },
  {
    address: { family: "bluetooth", protocol: "rfcomm", address: "11:22:33:44:55:AA", channel: 5 },
    c: `struct sockaddr_rc p; ${ZEROED} p.rc_family = AF_BLUETOOTH; p.rc_bdaddr = (bdaddr_t){ { 0xaa, 0x55, 0x44, 0x33, 0x22, 0x11 } }; p.rc_channel = 5;`,
  },
  {
    address: {
      family: "bluetooth",
      protocol: "l2cap",
      address: "11:22:33:44:55:AA",
      psm: 0x1001,
      cid: 4,
      addressType: 1,
    },
    c: `struct sockaddr_l2 p; ${ZEROED} p.l2_family = AF_BLUETOOTH; p.l2_psm = 0x1001; p.l2_bdaddr = (bdaddr_t){ { 0xaa, 0x55, 0x44, 0x33, 0x22, 0x11 } }; p.l2_cid = 4; p.l2_bdaddr_type = 1;`,
  },
  {
    address: { family: "tipc", kind: "socket", ref: 5, node: 6, scope: 2 },
    c: "struct sockaddr_tipc p = { .family = AF_TIPC, .addrtype = TIPC_SOCKET_ADDR, .scope = 2, .addr.id = { 5, 6 } };",
  },
  {
    address: { family: "tipc", kind: "service", type: 18888, instance: 17, domain: 0, scope: -3 },
    c: "struct sockaddr_tipc p = { .family = AF_TIPC, .addrtype = TIPC_SERVICE_ADDR, .scope = -3, .addr.name.name = { 18888, 17 } };",
  },
  {
    address: { family: "tipc", kind: "range", type: 18888, lower: 1, upper: 9, scope: 0 },
    c: "struct sockaddr_tipc p = { .family = AF_TIPC, .addrtype = TIPC_SERVICE_RANGE, .addr.nameseq = { 18888, 1, 9 } };",
  },
  {
    address: {
      family: "rxrpc",
      service: 52,
      transport: { family: "ipv4", address: "192.0.2.1", port: 7000 },
      transportType: 2,
    },
    c: `struct sockaddr_rxrpc p; ${ZEROED} p.srx_family = AF_RXRPC; p.srx_service = 52; p.transport_type = SOCK_DGRAM; p.transport_len = sizeof p.transport.sin; p.transport.sin.sin_family = AF_INET; p.transport.sin.sin_port = htons(7000); inet_pton(AF_INET, "192.0.2.1", &p.transport.sin.sin_addr);`,
  },
  {
    address: {
      family: "rxrpc",
      service: 52,
      transport: { family: "ipv6", address: "2001:db8::1", port: 7000 },
      transportType: 2,
    },
    c: `struct sockaddr_rxrpc p; ${ZEROED} p.srx_family = AF_RXRPC; p.srx_service = 52; p.transport_type = SOCK_DGRAM; p.transport_len = sizeof p.transport.sin6; p.transport.sin6.sin6_family = AF_INET6; p.transport.sin6.sin6_port = htons(7000); inet_pton(AF_INET6, "2001:db8::1", &p.transport.sin6.sin6_addr);`,
  },
  {
    address: { family: "qrtr", node: 1, port: 0xfffffffe },
    c: `struct sockaddr_qrtr p; ${ZEROED} p.sq_family = AF_QIPCRTR; p.sq_node = 1; p.sq_port = 0xfffffffe;`,
  },
  {
    address: { family: "xdp", interface: 2, queueId: 3, flags: 4, sharedUmemFd: 5 },
    c: "struct sockaddr_xdp p = { AF_XDP, 4, 2, 3, 5 };",
  },
  {
    address: { family: "llc", sap: 0x42, address: "01:80:c2:00:00:00", arphrd: 1, test: 0, xid: 1, ua: 0 },
    c: "struct sockaddr_llc p = { .sllc_family = AF_LLC, .sllc_arphrd = 1, .sllc_xid = 1, .sllc_sap = 0x42, .sllc_mac = { 1, 0x80, 0xc2 } };",
  },
  {
    address: { family: 9, data: Uint8Array.of(1, 2, 3) },
    c: "struct { sa_family_t f; char d[3]; } __attribute__((packed)) p = { AF_X25, { 1, 2, 3 } };",
  },
];
