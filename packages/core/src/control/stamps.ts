import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPING_NEW } from "../constants/socket.js";
import {
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../constants/timestamping.js";
import { switchedOnBy } from "./level.js";

/** Timestamps of received packets, made by the hardware and by the kernel. */
export const RECEIVE_STAMPS =
  SOF_TIMESTAMPING_RX_HARDWARE |
  SOF_TIMESTAMPING_RX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

/** Timestamps of sent packets, made by the hardware and by the kernel. */
const TRANSMIT_STAMPS =
  SOF_TIMESTAMPING_TX_HARDWARE |
  SOF_TIMESTAMPING_TX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

export const transmitStamps = switchedOnBy({ SOL_SOCKET }, { SO_TIMESTAMPING_NEW }, TRANSMIT_STAMPS);
