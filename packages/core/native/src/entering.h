// What custody does with descriptors that the kernel has handed out to the caller of a plain system call.
#pragma once

#include "control-scan.h"
#include "environment.h"

// With `own` the descriptor is ours; returns its generation. Otherwise it is the caller's. If custody still holds an entry with
// this number, somebody has closed that descriptor behind our back, and we must not close the number again.
inline int Enter(Environment& e, int fd, bool own) {
  if (own) return e.custody.Take(fd);
  e.custody.ForgetNumber(fd);
  return 0;
}

// The same for all descriptors in the control data that the caller gets.
inline void EnterAll(Environment& e, const kernel::MsgHdr& header) {
  for (ControlScan scan({header.control, header.control_length}); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) e.custody.ForgetNumber(scan.descriptor(i));
  }
}
