#include "syscalls.h"

#include <poll.h>

namespace {

// Whether a path to the call is permitted: 0, or the errno of the denial. `invoke` makes the call by this path with an invalid
// descriptor, or an invalid family if the call takes no descriptor. The kernel refuses these with errnos of its own. A seccomp
// filter or an old kernel gives others (ENOSYS, EPERM, EACCES, …). The other arguments are valid, because emulators look at those
// first.
template <typename Invoke>
int DenialOf(Call call, Invoke invoke) {
  kernel::MMsgHdr message = {kernel::MsgHdr(nullptr, 0), 0};
  short storage[64] = {kernel::kAfUnix};
  int length = sizeof storage;
  int pair[2];
  long args[6] = {-1, 0, 0, 0, 0, 0};
  bool makes = false;
  switch (call) {
    case Call::kSocketpair:
      args[3] = (long)pair;
      [[fallthrough]];
    case Call::kSocket:
      makes = true;
      args[1] = kernel::kSockStream;
      break;
    case Call::kBind:
    case Call::kConnect:
      args[1] = (long)storage;
      args[2] = sizeof *storage;
      break;
    case Call::kGetsockname:
    case Call::kGetpeername:
      args[1] = (long)storage;
      args[2] = (long)&length;
      break;
    case Call::kGetsockopt:
    case Call::kSetsockopt:
      args[1] = kernel::kSolSocket;
      args[2] = kernel::kSoReuseAddr;
      args[3] = (long)storage;
      args[4] = call == Call::kGetsockopt ? (long)&length : static_cast<long>(sizeof(int));
      break;
    case Call::kSendmmsg:
    case Call::kRecvmmsg:
      args[2] = 1;
      [[fallthrough]];
    case Call::kSendmsg:
    case Call::kRecvmsg:
      args[1] = (long)&message;
      break;
    default:
      break;
  }
  long result = invoke(args);
  if (result >= 0) return 0;  // Some emulators do not refuse the call.
  bool open = makes ? result == -EAFNOSUPPORT || result == -EMFILE || result == -ENFILE : result == -EBADF;
  return open ? 0 : static_cast<int>(-result);
}

int DirectDenial(Call call) {
  long number = kNumbers[static_cast<size_t>(call)].direct;
  return DenialOf(call, [&](long* args) { return Retried(number, args[0], args[1], args[2], args[3], args[4], args[5]); });
}

}  // namespace

#if defined(__i386__)

void Syscalls::Probe(Call call) {
  size_t index = static_cast<size_t>(call);
  const CallNumbers& numbers = kNumbers[index];
  if (DirectDenial(call) == 0) {
    path_[index] = Path::kDirect;
    return;
  }
  denial_[index] = DenialOf(call, [&](long* args) { return Retried(SYS_socketcall, numbers.multiplexed, args); });
  path_[index] = denial_[index] == 0 ? Path::kSocketcall : Path::kNone;
}

int Syscalls::PathOf(Call call) {
  size_t index = static_cast<size_t>(call);
  if (path_[index] == Path::kUnknown) Probe(call);
  if (path_[index] == Path::kNone) return -denial_[index];
  return path_[index] == Path::kSocketcall ? kPathSocketcall : 0;
}

long Syscalls::OnSomePath(Call call, long a, long b, long c, long d, long e, long f) {
  size_t index = static_cast<size_t>(call);
  if (path_[index] == Path::kUnknown) Probe(call);
  if (path_[index] == Path::kDirect) return Retried(kNumbers[index].direct, a, b, c, d, e, f);
  if (path_[index] == Path::kNone) return kDenied - denial_[index];
  long args[6] = {a, b, c, d, e, f};
  return Retried(SYS_socketcall, kNumbers[index].multiplexed, args);
}

#else

int Syscalls::PathOf(Call call) { return -DirectDenial(call); }

long Syscalls::Explained(Call call, long result, long a, long b, long c, long d, long e, long f) {
  long number = kNumbers[static_cast<size_t>(call)].direct;
  if (result == -EINTR) result = Retried(number, a, b, c, d, e, f);
  if (result != -EPERM && result != -ENOSYS && result != -EACCES) return result;
  // The kernel as well as a filter can give EPERM and EACCES.
  int denial = DirectDenial(call);
  return denial == 0 ? result : kDenied - denial;
}

#endif

int Close(int fd) { return static_cast<int>(RawCall(SYS_close, fd)); }

bool IsOpen(int fd) {
  constexpr int kGetFd = 1;  // F_GETFD
  return RawCall(SYS_fcntl, fd, kGetFd) >= 0;
}

int SetNonBlocking(int fd) {
  constexpr int kGetFlags = 3;  // F_GETFL
  constexpr int kSetFlags = 4;  // F_SETFL
  long flags = Retried(SYS_fcntl, fd, kGetFlags);
  if (flags < 0 || flags & kernel::kNonBlock) return flags < 0 ? static_cast<int>(flags) : 0;
  return static_cast<int>(Retried(SYS_fcntl, fd, kSetFlags, flags | kernel::kNonBlock));
}

int Ioctl(int fd, int request, void* argument) { return static_cast<int>(Retried(SYS_ioctl, fd, request, argument)); }

void BlockSignals() {
  uint64_t mask = ~(uint64_t{7} << 31);
  RawCall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &mask, 0, sizeof mask);
}

long ReadClock(int clock, kernel::TimeSpec64* time) {
#if defined(__i386__)
  constexpr int kClockGettime64 = 403;  // Not in older headers.
  if (RawCall(kClockGettime64, clock, time) == 0) return 0;
  // Kernels before 5.1 do not have that call, and older seccomp filters deny it. This one has 32 bits for the seconds.
  kernel::TimeSpec old = {};
  long result = RawCall(SYS_clock_gettime, clock, &old);
  *time = {old.seconds, old.nanoseconds};
  return result;
#else
  return RawCall(SYS_clock_gettime, clock, time);
#endif
}

double Now() {
  constexpr int kClockMonotonic = 1;
  kernel::TimeSpec64 now = {};
  ReadClock(kClockMonotonic, &now);
  return static_cast<double>(now.seconds) * 1e3 + static_cast<double>(now.nanoseconds) / 1e6;
}

int Poll(int fd, short events, int timeout) {
  pollfd watched = {fd, events, 0};
  kernel::TimeSpec span = {timeout / 1000, timeout % 1000 * 1000000};
  long result = RawCall(SYS_ppoll, &watched, 1, &span, 0, 0);
  return result < 0 ? static_cast<int>(result) : watched.revents;
}

bool IsReadable(int fd) { return Poll(fd, POLLIN, 0) > 0; }

int SocketOption(Syscalls& syscalls, int fd, int name) {
  int value = -1;
  int length = sizeof value;
  long result = syscalls.Invoke(Call::kGetsockopt, fd, kernel::kSolSocket, name, &value, &length);
  return result < 0 ? -1 : value;
}

bool MayHoldDescriptors(Syscalls& syscalls, int fd) {
  if (!IsReadable(fd)) return false;
  // A message without data can carry descriptors. A stream carries them with a byte of data, and is readable at its end, too.
  if (SocketOption(syscalls, fd, kernel::kSoType) != kernel::kSockStream) return true;
  constexpr int kFionRead = 0x541b;
  int bytes = 0;
  return Ioctl(fd, kFionRead, &bytes) < 0 || bytes > 0;
}
