// The descriptors that a system call returns. The kernel has just handed their numbers out, so custody must know of them even if the
// caller owns them: see Custody::ForgetNumber().
#pragma once

#include "control-scan.h"
#include "environment.h"

// Takes custody of the descriptor that a call has returned. `result`: the call's result, which can also be a negative errno.
inline long TakeReturned(Environment& e, long result) {
  if (result >= 0) e.result[kResultGeneration] = e.custody.Take(static_cast<int>(result));
  return result;
}

// For a received message, whose descriptors the caller owns.
inline void ForgetAllIn(Environment& e, const kernel::MsgHdr& header) {
  for (ControlScan scan({header.control, header.control_length}); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) e.custody.ForgetNumber(scan.descriptor(i));
  }
}
