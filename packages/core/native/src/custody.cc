#include "custody.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// What a held descriptor is worth to the garbage collector. A wrapper of some hundred bytes says nothing about the file,
// socket and buffers behind the number; without this, dropped messages pile up until the process runs out of descriptors.
constexpr int64_t kBytesPerDescriptor = 1 << 20;

int SocketOption(Syscalls& syscalls, int fd, int name) {
  int value = -1;
  int length = sizeof value;
  long result = syscalls.Invoke(Call::kGetsockopt, fd, kernel::kSolSocket, name, Word(&value), Word(&length));
  return result < 0 ? -1 : value;
}

// Whether descriptors may be queued in this socket: with messages that nobody has read, or in connections that nobody has
// accepted.
bool MayHoldDescriptors(Syscalls& syscalls, int fd) {
  if (WaitFor(fd, POLLIN, 0) <= 0) return false;
  if (SocketOption(syscalls, fd, kernel::kSoDomain) != kernel::kAfUnix) return false;
  // An empty message can have some; with a stream's bytes there is a byte at least, and its end is no message.
  if (SocketOption(syscalls, fd, kernel::kSoType) != kernel::kSockStream) return true;
  int bytes = 0;
  return syscall(SYS_ioctl, fd, kernel::kFionRead, &bytes) == -1 || bytes > 0;
}

Closer::Origin OriginOf(Syscalls& syscalls, int fd, int generation) {
  if ((generation & 1) == Custody::kStranger) return Closer::kStrangers;
  return MayHoldDescriptors(syscalls, fd) ? Closer::kUnread : Closer::kOwn;
}

}  // namespace

Custody::~Custody() { free(generations_); }

void Custody::Surrender(Syscalls& syscalls, Closer& closer) {
  for (size_t i = 0; i < capacity_; i++) {
    int fd = static_cast<int>(i);
    if (generations_[i]) closer.Add(fd, OriginOf(syscalls, fd, generations_[i]), 0);
    generations_[i] = 0;
  }
  held_ = 0;
}

bool Custody::Release(int fd, int generation, int token, Syscalls& syscalls, Closer& closer) {
  if (!Forget(fd, generation)) return false;
  closer.Add(fd, OriginOf(syscalls, fd, generation), token);
  return true;
}

bool Custody::Reserve(size_t fd) {
  if (fd < capacity_) return true;
  size_t capacity = capacity_ ? capacity_ : 64;
  while (capacity <= fd) capacity *= 2;
  int* grown = static_cast<int*>(realloc(generations_, capacity * sizeof(int)));
  if (!grown) return false;
  memset(grown + capacity_, 0, (capacity - capacity_) * sizeof(int));
  generations_ = grown;
  capacity_ = capacity;
  return true;
}

void Custody::Charge(int descriptors) {
  int64_t total;
  napi_adjust_external_memory(env_, descriptors * kBytesPerDescriptor, &total);
}

int Custody::Take(int fd, Opener opener) {
  if (!Reserve(static_cast<size_t>(fd))) abort();
  last_generation_ = last_generation_ >= INT32_MAX - 1 ? 2 : last_generation_ + 2;
  if (!generations_[fd]) {
    held_++;
    Charge(1);
  }
  return generations_[fd] = last_generation_ | opener;
}

bool Custody::Holds(int fd, int generation) const {
  return fd >= 0 && static_cast<size_t>(fd) < capacity_ && generation != 0 && generations_[fd] == generation;
}

bool Custody::IsHeld(int fd) const { return static_cast<size_t>(fd) < capacity_ && generations_[fd]; }

Custody::Opener Custody::OpenerOf(int fd) const {
  return fd >= 0 && IsHeld(fd) && generations_[fd] & 1 ? kStranger : kUs;
}

bool Custody::Forget(int fd, int generation) {
  if (!Holds(fd, generation)) return false;
  generations_[fd] = 0;
  held_--;
  Charge(-1);
  return true;
}

void Custody::ForgetNumber(int fd) {
  if (fd >= 0 && IsHeld(fd)) Forget(fd, generations_[fd]);
}

Receiver::~Receiver() { free(control_); }

Received Receiver::Receive(Syscalls& syscalls, Custody& custody, Closer& closer, int fd, kernel::IoVec* iov,
                           size_t iov_count, uint8_t* control, size_t control_space, uint8_t* address,
                           size_t address_space, int max_fds, int flags, int32_t* fds) {
  Received received = {};
  received.pidfd = -1;
  size_t space =
      control_space + kernel::CMsgSpace(kernel::kScmMaxFd * sizeof(int)) + kernel::CMsgSpace(sizeof(int));
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
  received.bytes = syscalls.Invoke(Call::kRecvmsg, fd, Word(&header), flags | kernel::kMsgDontWait);
  if (received.bytes < 0) return received;
  received.flags = static_cast<int>(header.flags);
  received.address_length = header.name_length;

  size_t at = 0;
  while (header.control_length - at >= sizeof(kernel::CMsgHdr)) {
    kernel::CMsgHdr item;
    memcpy(&item, control_ + at, sizeof item);
    if (item.length < sizeof item || item.length > header.control_length - at) break;
    const uint8_t* payload = control_ + at + kernel::CMsgAlign(sizeof item);
    size_t length = item.length - kernel::CMsgAlign(sizeof item);
    if (item.level == kernel::kSolSocket && item.type == kernel::kScmRights) {
      for (size_t i = 0; i + sizeof(int) <= length; i += sizeof(int)) {
        int arrived;
        memcpy(&arrived, payload + i, sizeof arrived);
        int generation = custody.Take(arrived, Custody::kStranger);
        if (received.kept < max_fds && received.kept < static_cast<int>(kernel::kScmMaxFd)) {
          fds[2 * received.kept] = arrived;
          fds[2 * received.kept + 1] = generation;
          received.kept++;
        } else {
          custody.Forget(arrived, generation);
          closer.Add(arrived, Closer::kStrangers, 0);
          received.dropped++;
        }
      }
    } else if (item.level == kernel::kSolSocket && item.type == kernel::kScmPidfd && length >= sizeof(int)) {
      int arrived;
      memcpy(&arrived, payload, sizeof arrived);
      // Negative: the kernel could not make one (the sender is gone), and says so in the payload.
      if (arrived >= 0) {
        received.pidfd = arrived;
        received.pidfd_generation = custody.Take(arrived);
      }
    } else {
      size_t padded = kernel::CMsgAlign(item.length);
      size_t available = header.control_length - at;
      size_t size = padded < available ? padded : available;
      if (received.control_length + size > control_space) {
        received.flags |= kernel::kMsgCTrunc;
      } else {
        memcpy(control + received.control_length, control_ + at, size);
        received.control_length += size;
      }
    }
    size_t step = kernel::CMsgAlign(item.length);
    if (step >= header.control_length - at) break;
    at += step;
  }
  return received;
}
