// Receives without losing a descriptor. The kernel writes control messages into memory of ours, which has room for all descriptors
// that one message can carry. Custody takes the descriptors in SCM_RIGHTS and SCM_PIDFD. We copy the other control messages to the
// caller's memory.
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
  // kAddressSpace bytes for the sender's address
  uint8_t* address = nullptr;
  // Memory for the control messages without descriptors
  Bytes control = {};
  // Numbers about the message are written here, at the positions kResult…
  int32_t* result = nullptr;
};

class Receiver {
 public:
  Receiver(Syscalls& syscalls, Custody& custody, ThreadPool& pool, OpenFileBudget& budget)
      : syscalls_(syscalls), custody_(custody), pool_(pool), budget_(budget) {}

  // recvmsg(2) with MSG_DONTWAIT. The caller sets MSG_CMSG_CLOEXEC for Unix sockets, and only for them. If this returns kThrottled
  // or kOffLoop, it has received nothing: binding.ts says why.
  long Receive(const ReceiveRequest& request);
  // Handles the control data of a message. `arrived`: the part of a buffer of SpaceFor() bytes that the kernel has filled. `flags`:
  // the message's msg_flags.
  void TakeDescriptors(const ReceiveRequest& request, Bytes arrived, int flags);
  // How many bytes the kernel needs if the other control messages may take `control_space`.
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
