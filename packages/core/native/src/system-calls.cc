// The plain system calls, except those that send or receive messages.

#include "arguments.h"
#include "returned-descriptors.h"
#include "functions.h"

namespace {

long Socket(Environment& e, int domain, int type, int protocol) {
  return TakeReturned(e, e.syscalls.Invoke(Call::kSocket, domain, type, protocol));
}

long Socketpair(Environment& e, int domain, int type, int protocol) {
  int fds[2];
  long result = e.syscalls.Invoke(Call::kSocketpair, domain, type, protocol, fds);
  if (result < 0) return result;
  int32_t* at = e.result + kResultFds;
  for (int fd : fds) {
    *at++ = fd;
    *at++ = e.custody.Take(fd);
  }
  return result;
}

template <Call call>
long WithAddress(Environment& e, int fd, Bytes address) {
  return e.syscalls.Invoke(call, fd, address.data, address.length);
}

template <Call call>
long WithNumber(Environment& e, int fd, int number) {
  return e.syscalls.Invoke(call, fd, number);
}

template <Call call>
long AddressOf(Environment& e, int fd, Bytes address) {
  int length = static_cast<int>(address.length);
  long result = e.syscalls.Invoke(call, fd, address.data, &length);
  return result < 0 ? result : length;
}

long Accept4(Environment& e, int fd, Bytes address, int flags) {
  int length = static_cast<int>(address.length);
  long accepted = e.syscalls.Invoke(Call::kAccept4, fd, address.data, address.data ? &length : nullptr, flags);
  e.result[kResultAddressLength] = length;
  return TakeReturned(e, accepted);
}

long Getsockopt(Environment& e, int fd, int level, int name, Bytes value) {
  // The kernel counts this option's length in instructions. If it got a number of bytes, it would write beyond the buffer.
  int unit = level == kernel::kSolSocket && name == kernel::kSoAttachFilter ? kernel::kInstruction : 1;
  int length = static_cast<int>(value.length) / unit;
  long result = e.syscalls.Invoke(Call::kGetsockopt, fd, level, name, value.data, &length);
  if (result < 0) return result;
  length *= unit;
  int pidfd;
  if (level == kernel::kSolSocket && name == kernel::kSoPeerPidfd && length == static_cast<int>(sizeof pidfd)) {
    memcpy(&pidfd, value.data, sizeof pidfd);
    e.custody.ForgetNumber(pidfd);
  }
  return length;
}

long PeerPidfd(Environment& e, int fd) {
  int pidfd = -1;
  int length = sizeof pidfd;
  long result = e.syscalls.Invoke(Call::kGetsockopt, fd, kernel::kSolSocket, kernel::kSoPeerPidfd, &pidfd, &length);
  return TakeReturned(e, result < 0 ? result : pidfd);
}

long Setsockopt(Environment& e, int fd, int level, int name, Bytes value) {
  return e.syscalls.Invoke(Call::kSetsockopt, fd, level, name, value.data, value.length);
}

long SetFilter(Environment& e, int fd, int level, int name, Bytes instructions) {
  kernel::Program program = {static_cast<uint16_t>(instructions.length / kernel::kInstruction), instructions.data};
  return e.syscalls.Invoke(Call::kSetsockopt, fd, level, name, &program, sizeof program);
}

int CloseNumber(Environment& e, int fd) {
  e.custody.ForgetNumber(fd);
  return Close(fd);
}

long Dup(Environment& e, int fd) {
  constexpr int kDupFdCloexec = 1030;  // F_DUPFD_CLOEXEC. <fcntl.h> would rename fcntl where off_t has 64 bits.
  int duplicate = static_cast<int>(Retried(SYS_fcntl, fd, kDupFdCloexec, 0));
  if (duplicate >= 0) {
    e.result[kResultGeneration] = e.custody.Take(duplicate, e.custody.OpenerOf(fd), e.custody.BringerOf(fd));
  }
  return duplicate;
}

// A double, because the seconds do not fit into an int for ever.
double Clock(Environment& e, int clock) {
  kernel::TimeSpec64 now = {};
  long result = ReadClock(clock, &now);
  if (result < 0) return static_cast<double>(result);
  e.result[kResultNanoseconds] = static_cast<int32_t>(now.nanoseconds);
  return static_cast<double>(now.seconds);
}

long Rename(Environment&, Bytes from, Bytes to) {
  constexpr int kNoReplace = 1;  // RENAME_NOREPLACE, include/uapi/linux/fs.h
  return Retried(SYS_renameat2, kernel::kAtFdCwd, from.data, kernel::kAtFdCwd, to.data, kNoReplace);
}

long OpenPath(Environment& e, Bytes path) {
  constexpr int kPath = 010000000;  // O_PATH
#if defined(__aarch64__)
  constexpr int kNoFollow = 0100000;  // O_NOFOLLOW, arch/arm64/include/uapi/asm/fcntl.h
#else
  constexpr int kNoFollow = 0400000;  // include/uapi/asm-generic/fcntl.h
#endif
  long fd = Retried(SYS_openat, kernel::kAtFdCwd, path.data, kPath | kNoFollow | kernel::kCloexec, 0);
  return TakeReturned(e, fd);
}

int PathOf(Environment& e, size_t call) { return call < kCalls ? e.syscalls.PathOf(static_cast<Call>(call)) : -EINVAL; }

constexpr Function kFunctions[] = {
    {"socket", Calls<Socket>},
    {"socketpair", Calls<Socketpair>},
    {"bind", Calls<WithAddress<Call::kBind>>},
    {"connect", Calls<WithAddress<Call::kConnect>>},
    {"listen", Calls<WithNumber<Call::kListen>>},
    {"accept4", Calls<Accept4>},
    {"getsockname", Calls<AddressOf<Call::kGetsockname>>},
    {"getpeername", Calls<AddressOf<Call::kGetpeername>>},
    {"getsockopt", Calls<Getsockopt>},
    {"peerPidfd", Calls<PeerPidfd>},
    {"setsockopt", Calls<Setsockopt>},
    {"setFilter", Calls<SetFilter>},
    {"shutdown", Calls<WithNumber<Call::kShutdown>>},
    {"close", Calls<CloseNumber>},
    {"dup", Calls<Dup>},
    {"ioctl", Calls<[](Environment&, int fd, int request, Bytes argument) { return Ioctl(fd, request, argument.data); }>},
    {"setNonBlocking", Calls<[](Environment&, int fd) { return SetNonBlocking(fd); }>},
    {"poll", Calls<[](Environment&, int fd, int events, int timeout) {
       return Poll(fd, static_cast<short>(events), timeout);
     }>},
    {"now", Calls<Clock>},
    {"flock", Calls<[](Environment&, int fd, int operation) { return Retried(SYS_flock, fd, operation); }>},
    {"rename", Calls<Rename>},
    {"openPath", Calls<OpenPath>},
    {"pathOf", Calls<PathOf>},
};

}  // namespace

constexpr Functions kSystemCalls = kFunctions;
