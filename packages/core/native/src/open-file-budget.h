// How many more files the process may open: RLIMIT_NOFILE less what is open.
//
// If a message brings more descriptors than the limit allows, recvmsg(2) itself closes the rest, and closing a stranger's
// descriptor can take seconds. So near the limit, the loop's thread does not receive messages that may bring descriptors.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

class OpenFileBudget {
 public:
  // The descriptors of one message and its pidfd, times two: the program can open files between two counts.
  static constexpr int kMargin = 2 * (static_cast<int>(kernel::kScmMaxFd) + 1);

  OpenFileBudget() = default;
  ~OpenFileBudget();
  OpenFileBudget(const OpenFileBudget&) = delete;

  // Opens /proc/self/fd. Without /proc, we count the numbers below the lowest free one. Open files above it are missed.
  void Open();
  // Whether kMargin more files can be opened. Counts the open files again if the last count is older than a millisecond.
  bool IsEnough();
  // Call this after each receive, with the number of descriptors that it has brought.
  void Took(int descriptors) { free_ -= descriptors; }
  int limit() const { return limit_; }

 private:
  void Count();
  int64_t Used();

  int directory_ = -1;  // /proc/self/fd
  int limit_ = 0;
  int64_t free_ = 0;
  uint64_t counted_ = 0, fresh_ = 0;
  // Whether we must list the directory, which takes longer. Since Linux 6.2, its size is the number of open files.
  bool listed_ = false;
};
