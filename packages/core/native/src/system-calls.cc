// The plain system calls, except those that send or receive messages.

#include <poll.h>

#include "arguments.h"
#include "entering.h"
#include "functions.h"

namespace {

using Args = const Arguments&;

long Socket(Args args) {
  Environment& e = args.environment();
  long fd = e.syscalls.Invoke(Call::kSocket, args.Int(0), args.Int(1), args.Int(2));
  if (fd >= 0) e.result[0] = Enter(e, static_cast<int>(fd), args.Bool(3));
  return fd;
}

long Socketpair(Args args) {
  Environment& e = args.environment();
  int fds[2];
  long result = e.syscalls.Invoke(Call::kSocketpair, args.Int(0), args.Int(1), args.Int(2), Word(fds));
  for (size_t i = 0; i < 2 && result >= 0; i++) {
    e.result[i] = fds[i];
    e.result[2 + i] = Enter(e, fds[i], args.Bool(3));
  }
  return result;
}

template <Call call>
long WithAddress(Args args) {
  Bytes address = args.View(1);
  return args.environment().syscalls.Invoke(call, args.Int(0), Word(address.data), static_cast<long>(address.length));
}

template <Call call>
long WithNumber(Args args) {
  return args.environment().syscalls.Invoke(call, args.Int(0), args.Int(1));
}

template <Call call>
long AddressOf(Args args) {
  Bytes address = args.View(1);
  int length = static_cast<int>(address.length);
  long result = args.environment().syscalls.Invoke(call, args.Int(0), Word(address.data), Word(&length));
  return result < 0 ? result : length;
}

long Accept4(Args args) {
  Environment& e = args.environment();
  int fd = args.Int(0);
  int32_t timeout = args.Int(3);
  int64_t deadline = timeout < 0 ? 0 : Now() + timeout;
  for (;;) {
    if (timeout >= 0) {
      // accept4(2) has no MSG_DONTWAIT. So with a time limit it is called only once a connection is there.
      int ready = WaitFor(fd, POLLIN, deadline);
      if (ready <= 0) return ready == 0 ? -ETIMEDOUT : ready;
    }
    Bytes address = args.View(1);
    int length = static_cast<int>(address.length);
    long accepted = e.syscalls.Invoke(Call::kAccept4, fd, Word(address.data), address.data ? Word(&length) : 0, args.Int(2));
    if (accepted == -EAGAIN && timeout >= 0) continue;
    if (accepted >= 0) {
      e.result[0] = length;
      e.result[1] = Enter(e, static_cast<int>(accepted), args.Bool(4));
    }
    return accepted;
  }
}

long Getsockopt(Args args) {
  Environment& e = args.environment();
  int level = args.Int(1);
  int name = args.Int(2);
  Bytes value = args.View(3);
  // The kernel counts this option's length in instructions. If it got a number of bytes, it would write beyond the buffer.
  int unit = level == kernel::kSolSocket && name == kernel::kSoAttachFilter ? kernel::kInstruction : 1;
  int length = static_cast<int>(value.length) / unit;
  long result = e.syscalls.Invoke(Call::kGetsockopt, args.Int(0), level, name, Word(value.data), Word(&length));
  if (result < 0) return result;
  length *= unit;
  bool is_descriptor = level == kernel::kSolSocket && name == kernel::kSoPeerPidfd;
  if (is_descriptor && length == static_cast<int>(sizeof(int))) {
    int fd;
    memcpy(&fd, value.data, sizeof fd);
    e.result[0] = fd >= 0 ? Enter(e, fd, args.Bool(4)) : 0;
  }
  return length;
}

long SetOption(Args args, const void* value, size_t length) {
  return args.environment().syscalls.Invoke(Call::kSetsockopt, args.Int(0), args.Int(1), args.Int(2), Word(value),
                                            static_cast<long>(length));
}

long Setsockopt(Args args) {
  Bytes value = args.View(3);
  return SetOption(args, value.data, value.length);
}

long SetFilter(Args args) {
  Bytes instructions = args.View(3);
  kernel::Program program = {static_cast<uint16_t>(instructions.length / kernel::kInstruction), instructions.data};
  return SetOption(args, &program, sizeof program);
}

long CloseNumber(Args args) {
  args.environment().custody.ForgetNumber(args.Int(0));
  return Close(args.Int(0));
}

long Dup(Args args) {
  Environment& e = args.environment();
  constexpr int kDupFdCloexec = 1030;  // F_DUPFD_CLOEXEC. <fcntl.h> would rename fcntl where off_t has 64 bits.
  int fd = static_cast<int>(Retried(SYS_fcntl, args.Int(0), kDupFdCloexec, 0));
  if (fd < 0) return fd;
  if (args.Bool(1)) {
    e.result[0] = e.custody.Take(fd, e.custody.OpenerOf(args.Int(0)), e.custody.BringerOf(args.Int(0)));
  } else {
    e.custody.ForgetNumber(fd);
  }
  return fd;
}

long Rename(Args args) {
  constexpr int kNoReplace = 1;  // RENAME_NOREPLACE, include/uapi/linux/fs.h
  return Retried(SYS_renameat2, kernel::kAtFdCwd, args.View(0).data, kernel::kAtFdCwd, args.View(1).data, kNoReplace);
}

long OpenPath(Args args) {
  constexpr int kPath = 010000000;  // O_PATH
#if defined(__aarch64__)
  constexpr int kNoFollow = 0100000;  // O_NOFOLLOW, arch/arm64/include/uapi/asm/fcntl.h
#else
  constexpr int kNoFollow = 0400000;  // include/uapi/asm-generic/fcntl.h
#endif
  return Retried(SYS_openat, kernel::kAtFdCwd, args.View(0).data, kPath | kNoFollow | kernel::kCloexec, 0);
}

long PathOf(Args args) {
  size_t call = args.Size(0);
  return call < kCalls ? args.environment().syscalls.PathOf(static_cast<Call>(call)) : -EINVAL;
}

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
    {"setsockopt", Calls<Setsockopt>},
    {"setFilter", Calls<SetFilter>},
    {"shutdown", Calls<WithNumber<Call::kShutdown>>},
    {"close", Calls<CloseNumber>},
    {"dup", Calls<Dup>},
    {"ioctl", Calls<[](Args args) { return Ioctl(args.Int(0), args.Int(1), args.View(2).data); }>},
    {"setNonBlocking", Calls<[](Args args) { return SetNonBlocking(args.Int(0)); }>},
    {"poll", Calls<[](Args args) { return Poll(args.Int(0), static_cast<short>(args.Int(1))); }>},
    {"flock", Calls<[](Args args) { return Retried(SYS_flock, args.Int(0), args.Int(1)); }>},
    {"rename", Calls<Rename>},
    {"openPath", Calls<OpenPath>},
    {"pathOf", Calls<PathOf>},
};

}  // namespace

constexpr Functions kSystemCalls = kFunctions;
