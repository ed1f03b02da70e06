// Custody: every descriptor that the environment owns, from the instant the kernel hands it out.
#pragma once

#include <node_api.h>

#include "closer.h"
#include "syscalls.h"

class Custody {
 public:
  // What a generation tells of its descriptor: whether somebody else opened the file and sent it to us.
  enum Opener { kUs, kStranger };

  explicit Custody(napi_env env) : env_(env) {}
  ~Custody();

  // Enters a descriptor that the kernel has just handed out, and returns its generation (> 0). An entry that was
  // there is proven stale by that: somebody closed the number behind our back.
  int Take(int fd, Opener opener = kUs);
  bool Holds(int fd, int generation) const;
  bool IsHeld(int fd) const;
  // Of a number that is not held: kUs.
  Opener OpenerOf(int fd) const;
  // Ends the entry; the descriptor itself stays open.
  bool Forget(int fd, int generation);
  void ForgetNumber(int fd);
  // Ends the entry and has the descriptor closed. False: it was not held.
  bool Release(int fd, int generation, int token, Syscalls& syscalls, Closer& closer);
  // The environment ends: everything that is still held is closed.
  void Surrender(Syscalls& syscalls, Closer& closer);
  int held() const { return held_; }

 private:
  bool Reserve(size_t fd);
  void Charge(int descriptors);

  napi_env env_;
  // By descriptor number; 0: not held. The last bit is the opener.
  int* generations_ = nullptr;
  size_t capacity_ = 0;
  int last_generation_ = 0;
  int held_ = 0;
};

struct Received {
  long bytes;
  size_t control_length;
  int address_length;
  int flags;
  int kept;
  int dropped;
  int pidfd;
  int pidfd_generation;
};

// recvmsg(2) that never loses a descriptor: the kernel writes into memory of our own, with room for all that one
// message can carry; SCM_RIGHTS and SCM_PIDFD are taken out of it, the other control messages are copied to `control`.
class Receiver {
 public:
  ~Receiver();
  // `fds`: room for kScmMaxFd pairs of descriptor and generation.
  Received Receive(Syscalls& syscalls, Custody& custody, Closer& closer, int fd, kernel::IoVec* iov, size_t iov_count,
                   uint8_t* control, size_t control_space, uint8_t* address, size_t address_space, int max_fds,
                   int flags, int32_t* fds);

 private:
  uint8_t* control_ = nullptr;
  size_t space_ = 0;
};
