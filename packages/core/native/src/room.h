// How many more files the process may open: RLIMIT_NOFILE less what is open.
//
// recvmsg(2) closes the descriptors that do not fit below the limit, and closing a stranger's descriptor can take seconds. So the
// loop's thread makes no receive that can bring descriptors while those of a whole message might not fit.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

class Room {
 public:
  // The descriptors of one message and its pidfd. Twice as many, because the program opens files between two counts.
  static constexpr int kMargin = 2 * (static_cast<int>(kernel::kScmMaxFd) + 1);

  Room() = default;
  ~Room();
  Room(const Room&) = delete;

  // Opens /proc/self/fd. If there is no /proc, all numbers below the lowest free one are counted, and none above it.
  void Open();
  // Whether kMargin more files can be opened. Counts again when the last count is a millisecond old.
  bool IsEnough();
  // So many have been opened since the last count.
  void Took(int descriptors) { free_ -= descriptors; }
  int limit() const { return limit_; }

 private:
  void Count();
  int64_t Used();

  int directory_ = -1;  // /proc/self/fd
  int limit_ = 0;
  int64_t free_ = 0;
  uint64_t counted_ = 0, fresh_ = 0;
  // Since Linux 6.2, the directory's size is the number of open files. Earlier kernels only list them, which takes longer.
  bool listed_ = false;
};
