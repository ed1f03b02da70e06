// Custody: the descriptors that the environment owns. A descriptor is in custody from the instant in which the kernel hands it out.
#pragma once

#include "syscalls.h"
#include "growing-array.h"
#include "thread-pool.h"

class Custody {
 public:
  // Who opened the file: this process, or somebody who sent us the descriptor.
  enum Opener { kUs, kStranger };

  Custody(Syscalls& syscalls, ThreadPool& pool) : syscalls_(syscalls), pool_(pool) {}

  // Takes custody of a descriptor that the kernel has just handed out. Returns its generation (> 0): if the kernel hands the same
  // number out again, it gets another one. If there is an entry with this number, replaces it: see ForgetNumber(). `bringer`: the
  // account of the socket through which the descriptor came; or null.
  int Take(int fd, Opener opener = kUs, Account* bringer = nullptr);
  bool Holds(int fd, int generation) const;
  bool IsHeld(int fd) const;
  // Returns kUs if the number is not held.
  Opener OpenerOf(int fd) const { return IsHeld(fd) && entries_[fd].generation & 1 ? kStranger : kUs; }
  // The account of the socket through which a held descriptor came; or null.
  Account* BringerOf(int fd) const { return IsHeld(fd) ? entries_[fd].bringer : nullptr; }
  // The account for the descriptors that will come through a held socket. Null: the socket is not held.
  Account* AccountOf(int fd);
  // The uid of a Unix socket's peer. kNobody: the kernel does not know it.
  uint32_t PeerOf(int fd);
  // Ends the entry, but leaves the descriptor open. False: it was not held.
  bool Forget(int fd, int generation);
  // Ends the entry with this number, if there is one, whatever its generation is. Call this when the kernel has just handed out a
  // number that custody does not take. If custody has an entry with that number, other code has closed our descriptor behind our
  // back. Without this call, we would later close a file that is not ours.
  void ForgetNumber(int fd);
  // Ends the entry, and lets a thread close the descriptor. False: it was not held. `token`: see ThreadPool::Close().
  bool Release(int fd, int generation, int token);
  // Lets threads close all descriptors that are still held. Call this when the environment ends.
  void Surrender();
  int held() const { return held_; }

 private:
  struct Entry {
    // 0: not held. The lowest bit is the opener.
    int generation;
    // The account of the socket through which the descriptor came; or null.
    Account* bringer;
    // The account for the descriptors that come through this socket. Null: none has come yet.
    Account* account;
  };

  void Clear(Entry& entry);
  void Close(int fd, const Entry& entry, int token);

  Syscalls& syscalls_;
  ThreadPool& pool_;
  // The index is the descriptor's number.
  GrowingArray<Entry> entries_;
  int last_generation_ = 0;
  int held_ = 0;
};
