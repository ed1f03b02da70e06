// Raw system calls. Each returns what the kernel returns: a result, or a negative errno. After EINTR, the call is made again,
// except close(2).
#pragma once

#include <stddef.h>

#include "contract.h"
#include "kernel.h"
#include "raw-call.h"

// The calls that ia32 can also make through socketcall(2), with their numbers in socketcall(2): include/uapi/linux/net.h.
// binding.ts has the same list.
#define SENDMSG_EACH_CALL(CALL) \
  CALL(Socket, socket, 1) \
  CALL(Socketpair, socketpair, 8) \
  CALL(Bind, bind, 2) \
  CALL(Connect, connect, 3) \
  CALL(Listen, listen, 4) \
  CALL(Accept4, accept4, 18) \
  CALL(Getsockname, getsockname, 6) \
  CALL(Getpeername, getpeername, 7) \
  CALL(Getsockopt, getsockopt, 15) \
  CALL(Setsockopt, setsockopt, 14) \
  CALL(Shutdown, shutdown, 13) \
  CALL(Sendto, sendto, 11) \
  CALL(Sendmsg, sendmsg, 16) \
  CALL(Recvmsg, recvmsg, 17) \
  CALL(Sendmmsg, sendmmsg, 20) \
  CALL(Recvmmsg, recvmmsg, 19)

#define SENDMSG_NAME(Name, name, multiplexed) k##Name,
enum class Call : uint8_t { SENDMSG_EACH_CALL(SENDMSG_NAME) };
#undef SENDMSG_NAME

struct CallNumbers {
  long direct;
  long multiplexed;
};

#define SENDMSG_NUMBERS(Name, name, multiplexed) {SYS_##name, multiplexed},
constexpr CallNumbers kNumbers[] = {SENDMSG_EACH_CALL(SENDMSG_NUMBERS)};
#undef SENDMSG_NUMBERS
constexpr size_t kCalls = sizeof kNumbers / sizeof *kNumbers;

class Syscalls {
 public:
  // Takes pointers and integers alike.
  template <typename... Args>
  SENDMSG_INLINE long Invoke(Call call, Args... args) {
#if defined(__i386__)
    return OnSomePath(call, (long)args...);
#else
    long result = RawCall(kNumbers[static_cast<size_t>(call)].direct, args...);
    return result >= 0 || result == -EAGAIN ? result : Explained(call, result, (long)args...);
#endif
  }
  // How this process makes the call. 0: by its own number. kPathSocketcall: through socketcall(2). A negative errno: neither works,
  // and this is the error.
  int PathOf(Call call);

 private:
#if defined(__i386__)
  // Probed once per call and environment, with descriptor -1, and never with a user's call.
  enum class Path : uint8_t { kUnknown, kDirect, kSocketcall, kNone };
  void Probe(Call call);
  long OnSomePath(Call call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

  Path path_[kCalls] = {};
  int denial_[kCalls] = {};
#else
  // Deals with the error `result`. If a signal interrupted the call, makes it again. If a filter denies the call, returns kDenied
  // less the errno.
  long Explained(Call call, long result, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
#endif
};

int Close(int fd);
bool IsOpen(int fd);
// fcntl(F_SETFL, … | O_NONBLOCK)
int SetNonBlocking(int fd);
int Ioctl(int fd, int request, void* argument);
// Blocks all signals in a thread of ours, because only the program's threads are to handle them. The signals 32 to 34 stay
// unblocked: libc uses them itself, and setuid(2) waits until every thread has handled one.
void BlockSignals();

// clock_gettime(2)
long ReadClock(int clock, kernel::TimeSpec64* time);
// The milliseconds since some moment in the past: CLOCK_MONOTONIC.
double Now();

// ppoll(2) on one descriptor, for `timeout` milliseconds. Returns which of the events the descriptor has, POLLERR and POLLHUP
// included, or a negative errno: -EINTR if a signal ended the wait. On the event loop, never call this for a file of a FUSE file
// system: the kernel would ask the file system's daemon, and wait for its answer.
int Poll(int fd, short events, int timeout);
bool IsReadable(int fd);
// The value of an option of SOL_SOCKET. -1: getsockopt(2) failed.
int SocketOption(Syscalls& syscalls, int fd, int name);
// Whether descriptors may be queued in this Unix socket: in messages that nobody has read, or in connections that nobody has
// accepted.
bool MayHoldDescriptors(Syscalls& syscalls, int fd);
