// An eventfd(2): a descriptor that one thread makes readable in order to wake another.
#pragma once

#include "kernel.h"
#include "raw-call.h"

inline int OpenEventFd() { return static_cast<int>(RawCall(SYS_eventfd2, 0, kernel::kCloexec | kernel::kNonBlock)); }

inline void Signal(int event_fd) {
  uint64_t one = 1;
  RawCall(SYS_write, event_fd, &one, sizeof one);
}

// Makes the eventfd unreadable again.
inline void Drain(int event_fd) {
  uint64_t count;
  RawCall(SYS_read, event_fd, &count, sizeof count);
}
