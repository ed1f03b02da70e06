// The descriptors that a plain system call returns. The kernel has just handed their numbers out, so custody must know of them even
// if the caller owns them: see Custody::ForgetNumber().
#pragma once

#include "control-scan.h"
#include "environment.h"

// With `own`, custody takes the descriptor: returns its generation. Otherwise the caller owns it: returns 0.
inline int NoteReturned(Environment& e, int fd, bool own) {
  if (own) return e.custody.Take(fd);
  e.custody.ForgetNumber(fd);
  return 0;
}

// For a received message, whose descriptors the caller owns.
inline void ForgetAllIn(Environment& e, const kernel::MsgHdr& header) {
  for (ControlScan scan({header.control, header.control_length}); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) e.custody.ForgetNumber(scan.descriptor(i));
  }
}
