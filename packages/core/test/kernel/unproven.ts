import type { ControlName } from "../../src/control/index.js";
import type { Direction } from "./proves.js";

type Reasons = { readonly [D in Direction]?: string };

const DEVICE_MEMORY = "it takes a network card that receives into device memory";
const INFINIBAND = "it takes InfiniBand: RDS over TCP has no remote memory";
/** Of the kernels that the tests use, only the booted ia32 kernel of Debian has modules for these families. */
const younger = (version: string, family: string) =>
  `Linux has it since ${version}, and the kernel with ${family} that the tests boot is Debian 12's (bookworm, main): 6.1. ` +
  "Kernels of bookworm-backports or of later suites were not tried";
const RXGK = younger("6.16", "RxRPC");

/** Control messages that no kernel of the tests can send or deliver, with the reasons. */
export const unproven: { readonly [N in ControlName]?: Reasons } = {
  ipSecurity: { receive: "it takes labelled networking (NetLabel or IPsec), which no test sets up" },
  timestampingPktInfo: { receive: "it comes with a timestamp of the hardware alone" },
  wifiStatus: {
    receive:
      "it takes a wireless interface that sends to another station: two of mac80211_hwsim's could, but no test sets them up",
  },
  devmemLinear: { receive: DEVICE_MEMORY },
  devmemDmabuf: { receive: DEVICE_MEMORY },
  devmemDmabufId: { send: DEVICE_MEMORY },
  vsockRecvErr: { receive: younger("6.7", "vsock_loopback") },
  btPktStatus: { receive: "it takes a voice connection to a Bluetooth device, which no test sets up" },
  btError: { receive: younger("6.15", "Bluetooth") },
  rdsRdmaArgs: { send: INFINIBAND },
  rdsRdmaDest: { send: INFINIBAND, receive: INFINIBAND },
  rdsRdmaMap: { send: INFINIBAND },
  rdsRdmaStatus: { receive: INFINIBAND },
  rdsAtomicFadd: { send: INFINIBAND },
  rdsAtomicCswp: { send: INFINIBAND },
  rdsMaskedAtomicFadd: { send: INFINIBAND },
  rdsMaskedAtomicCswp: { send: INFINIBAND },
  rxrpcBusy: { receive: "kernels of today do not send it" },
  rxrpcNewCall: {
    receive: "kernels have not sent it since 5.10, when they began to accept calls by themselves",
  },
  rxrpcOobId: { send: RXGK, receive: RXGK },
  rxrpcChallenged: { receive: RXGK },
  rxrpcRespond: { send: RXGK },
  rxrpcResponded: { receive: RXGK },
  rxrpcRespRxgkAppData: { send: RXGK },
  iucvTrgCls: { send: "it takes an IBM mainframe", receive: "it takes an IBM mainframe" },
  misdnTimestamp: { receive: "it takes an ISDN line, which no test sets up" },
};
