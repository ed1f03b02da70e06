import type { ControlName } from "../../src/control/index.js";
import type { Direction } from "./proves.js";

type Reasons = { readonly [D in Direction]?: string };

const DEVICE_MEMORY = "a test needs a network card that receives into device memory";
const INFINIBAND = "a test needs InfiniBand: RDS over TCP has no remote memory";
/** Of the kernels that the tests use, only the booted ia32 kernel of Debian has modules for these families. */
const younger = (version: string, family: string) =>
  `Linux has it since ${version}. The only kernel with ${family} that the tests boot is Debian 12's (bookworm, main): 6.1. ` +
  "We have not tried the kernels of bookworm-backports or of later suites";
const RXGK = younger("6.16", "RxRPC");

/** Control messages that no kernel of the tests can send or deliver, with the reasons. */
export const unproven: { readonly [N in ControlName]?: Reasons } = {
  ipSecurity: { receive: "a test needs labelled networking (NetLabel or IPsec), and none sets it up" },
  timestampingPktInfo: { receive: "the kernel delivers it only with a hardware timestamp" },
  wifiStatus: {
    receive:
      "a test needs a wireless interface that sends to another station: two interfaces of mac80211_hwsim could do it, but no test sets them up",
  },
  devmemLinear: { receive: DEVICE_MEMORY },
  devmemDmabuf: { receive: DEVICE_MEMORY },
  devmemDmabufId: { send: DEVICE_MEMORY },
  vsockRecvErr: { receive: younger("6.7", "vsock_loopback") },
  btPktStatus: { receive: "a test needs a voice connection to a Bluetooth device, and none sets one up" },
  btError: { receive: younger("6.15", "Bluetooth") },
  rdsRdmaArgs: { send: INFINIBAND },
  rdsRdmaDest: { send: INFINIBAND, receive: INFINIBAND },
  rdsRdmaMap: { send: INFINIBAND },
  rdsRdmaStatus: { receive: INFINIBAND },
  rdsAtomicFadd: { send: INFINIBAND },
  rdsAtomicCswp: { send: INFINIBAND },
  rdsMaskedAtomicFadd: { send: INFINIBAND },
  rdsMaskedAtomicCswp: { send: INFINIBAND },
  rxrpcBusy: { receive: "current kernels do not send it" },
  rxrpcNewCall: {
    receive: "kernels have not sent it since 5.10, when they began to accept calls by themselves",
  },
  rxrpcOobId: { send: RXGK, receive: RXGK },
  rxrpcChallenged: { receive: RXGK },
  rxrpcRespond: { send: RXGK },
  rxrpcResponded: { receive: RXGK },
  rxrpcRespRxgkAppData: { send: RXGK },
  iucvTrgCls: { send: "a test needs an IBM mainframe", receive: "a test needs an IBM mainframe" },
  misdnTimestamp: { receive: "a test needs an ISDN line, and none sets one up" },
};
