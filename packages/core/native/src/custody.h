// Custody: every descriptor that the environment owns, from the instant the kernel hands it out.
#pragma once

#include "syscalls.h"
#include "growing-array.h"
#include "thread-pool.h"

class Custody {
 public:
  // Who opened the file: this process, or somebody who sent us the descriptor.
  enum Opener { kUs, kStranger };

  Custody(Syscalls& syscalls, ThreadPool& pool) : syscalls_(syscalls), pool_(pool) {}

  // Takes custody of a descriptor that the kernel has just handed out, and returns its generation (> 0). Replaces an entry that has
  // this number already: see ForgetNumber(). `bringer`: the socket that the descriptor came through.
  int Take(int fd, Opener opener = kUs, Account* bringer = nullptr);
  bool Holds(int fd, int generation) const;
  bool IsHeld(int fd) const;
  // kUs if the number is not held.
  Opener OpenerOf(int fd) const { return IsHeld(fd) && entries_[fd].generation & 1 ? kStranger : kUs; }
  // The socket that a held descriptor came through; or null.
  Account* BringerOf(int fd) const { return IsHeld(fd) ? entries_[fd].bringer : nullptr; }
  // The account for the descriptors that come through a held socket. Null: the socket is not held.
  Account* AccountOf(int fd);
  // The uid at the other end of a Unix socket. kNobody: the kernel does not know it.
  uint32_t PeerOf(int fd);
  // Ends the entry. The descriptor stays open.
  bool Forget(int fd, int generation);
  // Ends the entry with this number, if there is one, whatever its generation. Call this if the kernel has just handed the number
  // out and custody is not to take it. An entry with that number is stale: somebody has closed its descriptor behind our back.
  // Without this, we would later close a file that is not ours.
  void ForgetNumber(int fd);
  // Ends the entry, and lets a thread close the descriptor. False: it was not held.
  bool Release(int fd, int generation, int token);
  // The environment ends: lets threads close everything that is still held.
  void Surrender();
  int held() const { return held_; }

 private:
  struct Entry {
    // 0: not held. The lowest bit is the opener.
    int generation;
    Account* bringer;
    Account* account;
  };

  void Clear(Entry& entry);
  void Close(int fd, const Entry& entry, int token);

  Syscalls& syscalls_;
  ThreadPool& pool_;
  // By descriptor number.
  GrowingArray<Entry> entries_;
  int last_generation_ = 0;
  int held_ = 0;
};
