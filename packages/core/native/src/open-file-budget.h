// How many more files the process may open: RLIMIT_NOFILE minus the number of open files.
//
// If a message brings more descriptors than the process may open, recvmsg(2) itself closes the rest. Closing a stranger's
// descriptor can take seconds. So near the limit, the event loop's thread does not receive messages that may bring descriptors.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

class OpenFileBudget {
 public:
  // Twice as many as one message can bring, its pidfd included. Twice, because the program can open files between two counts.
  static constexpr int kMargin = 2 * (static_cast<int>(kernel::kScmMaxFd) + 1);

  OpenFileBudget() = default;
  ~OpenFileBudget();
  OpenFileBudget(const OpenFileBudget&) = delete;

  // Opens /proc/self/fd. Without /proc, we take the lowest free number as the number of open files. Then we miss open files with
  // higher numbers.
  void Open();
  // Whether the process may open kMargin more files. Counts the open files again if the last count is older than 1 ms. Near the
  // limit, counts them each time. On kernels where counting takes long, counts them again only after 16 ms, even near the limit.
  bool IsEnough();
  // Call this after each receive with the number of descriptors that the message has brought.
  void Took(int descriptors) { free_ -= descriptors; }
  int limit() const { return limit_; }

 private:
  void Count();
  int64_t Used();

  int directory_ = -1;  // /proc/self/fd
  int limit_ = 0;       // RLIMIT_NOFILE
  int64_t free_ = 0;
  // The time of the last count, and how long the count is good for: both in the ticks of open-file-budget.cc.
  uint64_t counted_ = 0, fresh_ = 0;
  // Whether we must list the directory to count the files, which takes longer. Since Linux 6.2, the directory's size is the count.
  bool listed_ = false;
};
