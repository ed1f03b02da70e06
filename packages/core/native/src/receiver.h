// A receive that never loses a descriptor. The kernel writes into memory of ours, which has room for everything that one message
// can carry. Custody takes the descriptors in SCM_RIGHTS and SCM_PIDFD; the other control messages are copied to the caller.
#pragma once

#include "custody.h"
#include "room.h"
#include "table.h"

struct ReceiveRequest {
  int fd = 0;
  int flags = 0;
  // How many descriptors to keep. The others are closed.
  int max_fds = 0;
  Bytes* iov = nullptr;
  size_t iov_count = 0;
  // kAddressSpace bytes for the address
  uint8_t* address = nullptr;
  // Room for control messages without descriptors
  Bytes control = {};
  // What has come, at the positions kResult…
  int32_t* result = nullptr;
};

class Receiver {
 public:
  Receiver(Syscalls& syscalls, Custody& custody, Workers& workers, Room& room)
      : syscalls_(syscalls), custody_(custody), workers_(workers), room_(room) {}

  // recvmsg(2) with MSG_DONTWAIT of a Unix socket (MSG_CMSG_CLOEXEC is set) or of another one. kHeldBack or kOffLoop: no message
  // was taken.
  long Receive(const ReceiveRequest& request);
  // Does with control data what Receive() does. `arrived` is a buffer of SpaceFor() bytes, as far as the kernel has filled it.
  void Sort(const ReceiveRequest& request, Bytes arrived, int flags);
  static size_t SpaceFor(size_t control_space) {
    return control_space + kernel::CMsgSpace(kernel::kScmMaxFd * sizeof(int)) + kernel::CMsgSpace(sizeof(int));
  }

 private:
  long MayReceive(const ReceiveRequest& request);
  long Foresee(const ReceiveRequest& request);

  Syscalls& syscalls_;
  Custody& custody_;
  Workers& workers_;
  Room& room_;
  Table<uint8_t> control_;
};

// Leaves an iov room for so many bytes.
void Trim(Bytes* iov, size_t count, size_t length);
