// A receive that never loses a descriptor. The kernel writes into memory of ours, which has room for everything that one message
// can carry. Custody takes the descriptors in SCM_RIGHTS and SCM_PIDFD; the other control messages are copied to the caller.
#pragma once

#include "custody.h"
#include "open-file-budget.h"
#include "growing-array.h"

struct ReceiveRequest {
  int fd = 0;
  int flags = 0;
  // How many descriptors to keep. Threads close the others.
  int max_fds = 0;
  Bytes* iov = nullptr;
  size_t iov_count = 0;
  // kAddressSpace bytes for the address
  uint8_t* address = nullptr;
  // Room for control messages without descriptors
  Bytes control = {};
  // What has arrived is written here, at the positions kResult…
  int32_t* result = nullptr;
};

class Receiver {
 public:
  Receiver(Syscalls& syscalls, Custody& custody, ThreadPool& pool, OpenFileBudget& budget)
      : syscalls_(syscalls), custody_(custody), pool_(pool), budget_(budget) {}

  // recvmsg(2) with MSG_DONTWAIT. The caller sets MSG_CMSG_CLOEXEC for Unix sockets, and only for them. kHeldBack or kOffLoop: no
  // message was received.
  long Receive(const ReceiveRequest& request);
  // Handles control data that another thread has received. Custody takes the descriptors, and the other control messages go to
  // `request.control`. `arrived`: the part of a buffer of SpaceFor() bytes that the kernel has filled.
  void TakeDescriptors(const ReceiveRequest& request, Bytes arrived, int flags);
  static size_t SpaceFor(size_t control_space) {
    return control_space + kernel::CMsgSpace(kernel::kScmMaxFd * sizeof(int)) + kernel::CMsgSpace(sizeof(int));
  }

 private:
  long MayReceive(const ReceiveRequest& request);
  long Foresee(const ReceiveRequest& request);

  Syscalls& syscalls_;
  Custody& custody_;
  ThreadPool& pool_;
  OpenFileBudget& budget_;
  GrowingArray<uint8_t> control_;
};

// Shortens an iov to at most `length` bytes.
void Trim(Bytes* iov, size_t count, size_t length);
