#include "custody.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control-scan.h"

Custody::~Custody() { free(entries_); }

void Custody::CloseOff(int fd, const Entry& entry, int token) {
  if ((entry.generation & 1) == kStranger) {
    workers_.Close(fd, entry.bringer, token);
  } else if (SocketOption(syscalls_, fd, kernel::kSoDomain) == kernel::kAfUnix) {
    workers_.Close(fd, MayHoldDescriptors(syscalls_, fd) ? Workers::kUnread : Workers::kRead, PeerOf(fd), token);
  } else {
    workers_.Close(fd, Workers::kOwn, Workers::kNobody, token);
  }
}

void Custody::Clear(Entry& entry) {
  workers_.Unref(entry.bringer);
  workers_.Unref(entry.account);
  entry = {};
}

void Custody::Surrender() {
  for (size_t i = 0; i < capacity_; i++) {
    if (entries_[i].generation) CloseOff(static_cast<int>(i), entries_[i], 0);
    Clear(entries_[i]);
  }
  held_ = 0;
}

bool Custody::Release(int fd, int generation, int token) {
  if (!Holds(fd, generation)) return false;
  CloseOff(fd, entries_[fd], token);
  return Forget(fd, generation);
}

bool Custody::Reserve(size_t fd) {
  if (fd < capacity_) return true;
  size_t capacity = capacity_ ? capacity_ : 64;
  while (capacity <= fd) capacity *= 2;
  Entry* grown = static_cast<Entry*>(realloc(entries_, capacity * sizeof(Entry)));
  if (!grown) return false;
  memset(grown + capacity_, 0, (capacity - capacity_) * sizeof(Entry));
  entries_ = grown;
  capacity_ = capacity;
  return true;
}

int Custody::Take(int fd, Opener opener, Workers::Account* bringer) {
  if (!Reserve(static_cast<size_t>(fd))) abort();
  last_generation_ = last_generation_ >= INT32_MAX - 1 ? 2 : last_generation_ + 2;
  Entry& entry = entries_[fd];
  if (entry.generation) {
    Clear(entry);
  } else {
    held_++;
  }
  if (bringer) __atomic_add_fetch(&bringer->references, 1, __ATOMIC_RELAXED);
  entry = {last_generation_ | opener, bringer, nullptr};
  return entry.generation;
}

bool Custody::Holds(int fd, int generation) const {
  return fd >= 0 && static_cast<size_t>(fd) < capacity_ && generation != 0 && entries_[fd].generation == generation;
}

bool Custody::IsHeld(int fd) const { return fd >= 0 && static_cast<size_t>(fd) < capacity_ && entries_[fd].generation; }

Custody::Opener Custody::OpenerOf(int fd) const { return IsHeld(fd) && entries_[fd].generation & 1 ? kStranger : kUs; }

uint32_t Custody::PeerOf(int fd) {
  struct {
    int pid;
    uint32_t uid, gid;
  } peer;
  int length = sizeof peer;
  long result =
      syscalls_.Invoke(Call::kGetsockopt, fd, kernel::kSolSocket, kernel::kSoPeerCred, Word(&peer), Word(&length));
  return result < 0 ? Workers::kNobody : peer.uid;
}

Workers::Account* Custody::AccountOf(int fd) {
  if (!IsHeld(fd)) return nullptr;
  Entry& entry = entries_[fd];
  if (!entry.account) entry.account = workers_.Open(PeerOf(fd));
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

void Trim(kernel::IoVec* iov, size_t count, size_t length) {
  for (size_t i = 0; i < count; i++) {
    if (iov[i].length > length) iov[i].length = length;
    length -= iov[i].length;
  }
}

Receiver::~Receiver() { free(control_); }

Received Receiver::Receive(int fd, kernel::IoVec* iov, size_t iov_count, uint8_t* control, size_t control_space,
                           uint8_t* address, size_t address_space, int max_fds, int flags, int32_t* fds) {
  Received received = {};
  received.pidfd = -1;
  // On other sockets than Unix ones nothing is asked for with it, and no descriptor comes.
  if (flags & kernel::kMsgCmsgCloexec) {
    bool near_limit = !room_.IsEnough();
    Workers::Account* account = custody_.AccountOf(fd);
    bool held_back = account && !workers_.HasRoom(account, room_.limit());
    if (near_limit || held_back) {
      // What brings no descriptor adds nothing to those that wait: others of the same uid can be the ones who made them wait.
      received.bytes = Foresee(fd, iov, iov_count);
      if (received.bytes == kOffLoop && held_back) received.bytes = kHeldBack;
      if (received.bytes < 0) return received;
    }
  }
  size_t space = SpaceFor(control_space);
  if (space > space_) {
    uint8_t* grown = static_cast<uint8_t*>(realloc(control_, space));
    if (!grown) {
      received.bytes = -ENOMEM;
      return received;
    }
    control_ = grown;
    space_ = space;
  }
  kernel::MsgHdr header = {address, static_cast<int>(address_space), iov, iov_count, control_, space, 0};
  received.bytes = syscalls_.Invoke(Call::kRecvmsg, fd, Word(&header), flags | kernel::kMsgDontWait);
  if (received.bytes < 0) return received;
  received.flags = static_cast<int>(header.flags);
  received.address_length = header.name_length;
  Sort(received, fd, control_, header.control_length, control, control_space, max_fds, fds);
  return received;
}

// Near the limit of open files, or of descriptors that may wait to be closed. 0: the next message brings no control data, and so
// no descriptor; on a stream, `iov` then has no room for what follows it. kOffLoop: it may bring some. Or a negative errno.
long Receiver::Foresee(int fd, kernel::IoVec* iov, size_t iov_count) {
  if (!IsReadable(fd)) return -EAGAIN;
  constexpr int kPeek = kernel::kMsgPeek | kernel::kMsgDontWait;
  kernel::MsgHdr header = {nullptr, 0, iov, iov_count, nullptr, 0, 0};
  long result = syscalls_.Invoke(Call::kRecvmsg, fd, Word(&header), kPeek);
  // An error that was pending is told once: asking has taken it.
  if (result < 0) return result;
  if (header.flags & kernel::kMsgCTrunc) return kOffLoop;
  // What a stream gets meanwhile could bring descriptors, and would be read with what was seen. Of messages the next one is
  // read, whole: somebody who shares the socket could have taken the one that was seen.
  if (SocketOption(syscalls_, fd, kernel::kSoType) != kernel::kSockStream) return 0;
  Trim(iov, iov_count, static_cast<size_t>(result));
  return 0;
}

void Receiver::Sort(Received& received, int fd, const uint8_t* from, size_t length, uint8_t* control,
                    size_t control_space, int max_fds, int32_t* fds) {
  int unwanted[kernel::kScmMaxFd];
  for (ControlScan scan(from, length); scan.Next();) {
    size_t count = scan.descriptors();
    if (scan.IsRights()) {
      Workers::Account* account = count > 0 ? custody_.AccountOf(fd) : nullptr;
      for (size_t i = 0; i < count; i++) {
        int arrived = scan.descriptor(i);
        if (received.kept < max_fds && received.kept < static_cast<int>(kernel::kScmMaxFd)) {
          fds[2 * received.kept] = arrived;
          fds[2 * received.kept + 1] = custody_.Take(arrived, Custody::kStranger, account);
          received.kept++;
        } else if (received.dropped < static_cast<int>(kernel::kScmMaxFd)) {
          // Somebody closed the number behind our back, or the kernel could not have handed it out.
          custody_.ForgetNumber(arrived);
          unwanted[received.dropped++] = arrived;
        }
      }
    } else if (scan.IsPidfd() && count > 0) {
      // Negative: the kernel could not make one (the sender is gone), and says so in the payload.
      if (scan.descriptor(0) >= 0) {
        received.pidfd = scan.descriptor(0);
        received.pidfd_generation = custody_.Take(received.pidfd);
      }
    } else if (received.control_length + scan.size() > control_space) {
      received.flags |= kernel::kMsgCTrunc;
    } else {
      memcpy(control + received.control_length, scan.bytes(), scan.size());
      received.control_length += scan.size();
    }
  }
  room_.Took(received.kept + received.dropped + (received.pidfd >= 0));
  if (received.dropped > 0) workers_.CloseAll(unwanted, received.dropped, custody_.AccountOf(fd));
}
