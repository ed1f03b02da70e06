// Custody: every descriptor that the environment owns, from the instant the kernel hands it out.
#pragma once

#include "room.h"
#include "syscalls.h"
#include "workers.h"

class Custody {
 public:
  // What a generation tells of its descriptor: whether somebody else opened the file and sent it to us.
  enum Opener { kUs, kStranger };

  Custody(Syscalls& syscalls, Workers& workers) : syscalls_(syscalls), workers_(workers) {}
  ~Custody();

  // Enters a descriptor that the kernel has just handed out, and returns its generation (> 0). An entry that was
  // there is proven stale by that: somebody closed the number behind our back. `bringer`: the socket that it came through.
  int Take(int fd, Opener opener = kUs, Workers::Account* bringer = nullptr);
  bool Holds(int fd, int generation) const;
  bool IsHeld(int fd) const;
  // Of a number that is not held: kUs.
  Opener OpenerOf(int fd) const;
  // The socket that a held descriptor came through; or null.
  Workers::Account* BringerOf(int fd) const { return IsHeld(fd) ? entries_[fd].bringer : nullptr; }
  // What a held socket brings counts against this. Null: it is not held.
  Workers::Account* AccountOf(int fd);
  // The uid at the other end of a Unix socket, if the kernel knows it.
  uint32_t PeerOf(int fd);
  // Ends the entry; the descriptor itself stays open.
  bool Forget(int fd, int generation);
  void ForgetNumber(int fd);
  // Ends the entry and has the descriptor closed. False: it was not held.
  bool Release(int fd, int generation, int token);
  // The environment ends: everything that is still held is closed.
  void Surrender();
  int held() const { return held_; }

 private:
  struct Entry {
    // 0: not held. The last bit is the opener.
    int generation;
    Workers::Account* bringer;
    Workers::Account* account;
  };

  bool Reserve(size_t fd);
  void Clear(Entry& entry);
  void CloseOff(int fd, const Entry& entry, int token);

  Syscalls& syscalls_;
  Workers& workers_;
  // By descriptor number.
  Entry* entries_ = nullptr;
  size_t capacity_ = 0;
  int last_generation_ = 0;
  int held_ = 0;
};

// What receive() returns instead of an errno, having received nothing. binding.ts has the same.
constexpr long kHeldBack = -5000;  // too many of the descriptors that this socket's peer has sent wait to be closed
constexpr long kOffLoop = -5001;   // the call could wait for a stranger: a thread must make it
constexpr long kGone = -5002;      // the descriptor is not held: somebody has closed it behind our back

// Leaves an iov room for so many bytes.
void Trim(kernel::IoVec* iov, size_t count, size_t length);

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
  Receiver(Syscalls& syscalls, Custody& custody, Workers& workers, Room& room)
      : syscalls_(syscalls), custody_(custody), workers_(workers), room_(room) {}
  ~Receiver();
  // `fds`: room for kScmMaxFd pairs of descriptor and generation.
  Received Receive(int fd, kernel::IoVec* iov, size_t iov_count, uint8_t* control, size_t control_space, uint8_t* address,
                   size_t address_space, int max_fds, int flags, int32_t* fds);
  // The same of a message that has arrived in a buffer of `SpaceFor` bytes.
  void Sort(Received& received, int fd, const uint8_t* from, size_t length, uint8_t* control, size_t control_space,
            int max_fds, int32_t* fds);
  static size_t SpaceFor(size_t control_space) {
    return control_space + kernel::CMsgSpace(kernel::kScmMaxFd * sizeof(int)) + kernel::CMsgSpace(sizeof(int));
  }

 private:
  long Foresee(int fd, kernel::IoVec* iov, size_t iov_count);

  Syscalls& syscalls_;
  Custody& custody_;
  Workers& workers_;
  Room& room_;
  uint8_t* control_ = nullptr;
  size_t space_ = 0;
};
