// Custody: every descriptor that the environment owns, from the instant the kernel hands it out.
#pragma once

#include "syscalls.h"
#include "table.h"
#include "workers.h"

class Custody {
 public:
  // Who opened the file: this process, or somebody who sent us the descriptor.
  enum Opener { kUs, kStranger };

  Custody(Syscalls& syscalls, Workers& workers) : syscalls_(syscalls), workers_(workers) {}

  // Enters a descriptor that the kernel has just handed out, and returns its generation (> 0). If there is an entry with this
  // number already, somebody has closed that descriptor behind our back. `bringer`: the socket that the descriptor came through.
  int Take(int fd, Opener opener = kUs, Account* bringer = nullptr);
  bool Holds(int fd, int generation) const;
  bool IsHeld(int fd) const;
  // kUs if the number is not held.
  Opener OpenerOf(int fd) const { return IsHeld(fd) && entries_[fd].generation & 1 ? kStranger : kUs; }
  // The socket that a held descriptor came through; or null.
  Account* BringerOf(int fd) const { return IsHeld(fd) ? entries_[fd].bringer : nullptr; }
  // The account of what a held socket brings. Null: it is not held.
  Account* AccountOf(int fd);
  // The uid at the other end of a Unix socket, if the kernel knows it; or kNobody.
  uint32_t PeerOf(int fd);
  // Ends the entry. The descriptor stays open.
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
    Account* bringer;
    Account* account;
  };

  void Clear(Entry& entry);
  void Close(int fd, const Entry& entry, int token);

  Syscalls& syscalls_;
  Workers& workers_;
  // By descriptor number.
  Table<Entry> entries_;
  int last_generation_ = 0;
  int held_ = 0;
};
