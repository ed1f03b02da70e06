// How many more files the process may open: RLIMIT_NOFILE less what is open.
//
// The kernel closes descriptors that do not fit below the limit inside recvmsg(2), and closing a stranger's may take seconds. So
// no receive that can bring descriptors is made on the loop thread when a whole message's might not fit.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

class Room {
 public:
  // A message's descriptors and its pidfd; as many again for what the program opens between two counts.
  static constexpr int kMargin = 2 * (static_cast<int>(kernel::kScmMaxFd) + 1);

  Room() = default;
  ~Room();
  Room(const Room&) = delete;

  // Opens what counting takes. Without it (no /proc), the lowest free number tells, which takes no notice of gaps.
  void Open();
  // Whether kMargin more can be opened. Counts anew when the last count is a millisecond old.
  bool IsEnough();
  // Some have been opened since.
  void Took(int descriptors) { free_ -= descriptors; }
  int limit() const { return limit_; }

 private:
  void Count();
  int64_t Used();

  int directory_ = -1;  // /proc/self/fd
  int limit_ = 0;
  int64_t free_ = 0;
  uint64_t counted_ = 0, fresh_ = 0;
  // Since Linux 6.2 the directory's size is the number of open files; before, they are listed, which takes longer.
  bool listed_ = false;
};
