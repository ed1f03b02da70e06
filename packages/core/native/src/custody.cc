#include "custody.h"

#include <stdlib.h>

void Custody::Close(int fd, const Entry& entry, int token) {
  ThreadPool::Origin origin = {.account = entry.bringer};
  if ((entry.generation & 1) == kUs) {
    bool is_unix = SocketOption(syscalls_, fd, kernel::kSoDomain) == kernel::kAfUnix;
    origin.group = !is_unix ? ThreadPool::kOwn : MayHoldDescriptors(syscalls_, fd) ? ThreadPool::kUnread : ThreadPool::kRead;
    if (is_unix) origin.uid = PeerOf(fd);
  }
  pool_.Close(&fd, 1, origin, token);
}

void Custody::Clear(Entry& entry) {
  pool_.Unref(entry.bringer);
  pool_.Unref(entry.account);
  entry = {};
}

void Custody::Surrender() {
  for (size_t i = 0; i < entries_.capacity(); i++) {
    if (entries_[i].generation) Close(static_cast<int>(i), entries_[i], 0);
    Clear(entries_[i]);
  }
  held_ = 0;
}

bool Custody::Release(int fd, int generation, int token) {
  if (!Holds(fd, generation)) return false;
  Close(fd, entries_[fd], token);
  return Forget(fd, generation);
}

int Custody::Take(int fd, Opener opener, Account* bringer) {
  if (!entries_.Reserve(static_cast<size_t>(fd) + 1)) abort();
  last_generation_ = last_generation_ >= INT32_MAX - 1 ? 2 : last_generation_ + 2;
  Entry& entry = entries_[fd];
  if (entry.generation) {
    Clear(entry);
  } else {
    held_++;
  }
  if (bringer) bringer->Ref();
  entry = {last_generation_ | opener, bringer, nullptr};
  return entry.generation;
}

bool Custody::Holds(int fd, int generation) const {
  return IsHeld(fd) && entries_[fd].generation == generation;
}

bool Custody::IsHeld(int fd) const { return fd >= 0 && static_cast<size_t>(fd) < entries_.capacity() && entries_[fd].generation; }

uint32_t Custody::PeerOf(int fd) {
  struct {
    int pid;
    uint32_t uid, gid;
  } peer;
  int length = sizeof peer;
  long result = syscalls_.Invoke(Call::kGetsockopt, fd, kernel::kSolSocket, kernel::kSoPeerCred, &peer, &length);
  return result < 0 ? kNobody : peer.uid;
}

Account* Custody::AccountOf(int fd) {
  if (!IsHeld(fd)) return nullptr;
  Entry& entry = entries_[fd];
  if (!entry.account) entry.account = pool_.Open(PeerOf(fd));
  return entry.account;
}

bool Custody::Forget(int fd, int generation) {
  if (!Holds(fd, generation)) return false;
  Clear(entries_[fd]);
  held_--;
  return true;
}

void Custody::ForgetNumber(int fd) {
  if (IsHeld(fd)) Forget(fd, entries_[fd].generation);
}
