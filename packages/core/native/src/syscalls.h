// Raw system calls. Each returns what the kernel returns: a result, or a negative errno. EINTR is retried, close(2) never.
#pragma once

#include <stddef.h>

#include "contract.h"
#include "kernel.h"
#include "raw-call.h"

// The calls that ia32 can also make through socketcall(2), with the number that they have there: include/uapi/linux/net.h.
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
  // How the call is made here: 0 by its own number, kPathSocketcall, or the negative errno with which both are denied.
  int PathOf(Call call);

 private:
#if defined(__i386__)
  // Found out once per call and environment, with descriptor -1, never on a user's call.
  enum class Path : uint8_t { kUnknown, kDirect, kSocketcall, kNone };
  void Probe(Call call);
  long OnSomePath(Call call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

  Path path_[kCalls] = {};
  int denial_[kCalls] = {};
#else
  // What the call returns after the error `result`. A signal: the call is made again. A denial: kDenied less its errno.
  long Explained(Call call, long result, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
#endif
};

int Close(int fd);
bool IsOpen(int fd);
// fcntl(F_SETFL, … | O_NONBLOCK)
int SetNonBlocking(int fd);
int Ioctl(int fd, int request, void* argument);
// Signals belong to the program's threads, not to this one. Those that libc uses itself (32 to 34) stay: setuid(2) waits for every
// thread.
void BlockSignals();

// A point on CLOCK_MONOTONIC, in milliseconds.
int64_t Now();
void Sleep(int milliseconds);
// ppoll(2) on one descriptor until `deadline`: 1 ready, 0 too late, or a negative errno.
int WaitFor(int fd, short events, int64_t deadline);
// ppoll(2) of a socket, without waiting: which of `events` it has, POLLERR and POLLHUP too; or a negative errno. Not for other
// files: a FUSE file system asks its daemon, and waits for it.
int Poll(int fd, short events);
bool IsReadable(int fd);
// The value of an option of SOL_SOCKET; -1: it has none.
int SocketOption(Syscalls& syscalls, int fd, int name);
// Whether descriptors may be queued in this Unix socket: in messages that nobody has read, or in connections that nobody has
// accepted.
bool MayHoldDescriptors(Syscalls& syscalls, int fd);
