// The descriptors that a system call returns. Custody must learn of each one, even if the caller owns it: custody may still have an
// entry for the number. See Custody::ForgetNumber().
#pragma once

#include "control-scan.h"
#include "environment.h"

// Takes custody of the descriptor that a call has returned, unless `result` is a negative errno. Returns `result`.
inline long TakeReturned(Environment& e, long result) {
  if (result >= 0) e.result[kResultGeneration] = e.custody.Take(static_cast<int>(result));
  return result;
}

// Call this for a received message whose descriptors the caller owns.
inline void ForgetAllIn(Environment& e, const kernel::MsgHdr& header) {
  for (ControlScan scan({header.control, header.control_length}); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) e.custody.ForgetNumber(scan.descriptor(i));
  }
}
