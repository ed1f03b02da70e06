// Raw system calls. Each returns what the kernel returns: a result, or a negative errno. EINTR is retried, close(2) never.
#pragma once

#include <stddef.h>
#include <sys/syscall.h>

#include "kernel.h"
#include "raw-call.h"

// Results at or below this: no path to the call is permitted. kDenied - result is the errno of the denial.
constexpr long kDenied = -65536;

// The calls that socketcall(2) multiplexes on ia32.
enum class Call : uint8_t {
  kSocket,
  kSocketpair,
  kBind,
  kConnect,
  kListen,
  kAccept4,
  kGetsockname,
  kGetpeername,
  kGetsockopt,
  kSetsockopt,
  kShutdown,
  kSendto,
  kSendmsg,
  kRecvmsg,
  kSendmmsg,
  kRecvmmsg,
  kCount,
};

struct Numbers {
  long direct;
  // The call's number inside socketcall(2): include/uapi/linux/net.h
  long multiplexed;
};

constexpr Numbers kNumbers[] = {
    {SYS_socket, 1},       {SYS_socketpair, 8},   {SYS_bind, 2},        {SYS_connect, 3},    {SYS_listen, 4},
    {SYS_accept4, 18},     {SYS_getsockname, 6},  {SYS_getpeername, 7}, {SYS_getsockopt, 15}, {SYS_setsockopt, 14},
    {SYS_shutdown, 13},    {SYS_sendto, 11},      {SYS_sendmsg, 16},    {SYS_recvmsg, 17},   {SYS_sendmmsg, 20},
    {SYS_recvmmsg, 19},
};
static_assert(sizeof kNumbers / sizeof *kNumbers == static_cast<size_t>(Call::kCount));

class Syscalls {
 public:
#if defined(__i386__)
  long Invoke(Call call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
#else
  SENDMSG_INLINE long Invoke(Call call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
    long result = RawCall(kNumbers[static_cast<size_t>(call)].direct, a, b, c, d, e, f);
    return result >= 0 || result == -EAGAIN ? result : Explained(call, result, a, b, c, d, e, f);
  }
#endif
  // How the call is made here: 0 by its own number, 1 through socketcall(2), negative: not at all, the errno of the denial.
  int PathOf(Call call);

 private:
#if defined(__i386__)
  // Settled once per call and environment, with descriptor -1, never on a user's call.
  enum class Path : uint8_t { kUnknown, kDirect, kSocketcall, kNone };
  void Probe(Call call);

  Path path_[static_cast<size_t>(Call::kCount)] = {};
  int denial_[static_cast<size_t>(Call::kCount)] = {};
#else
  // What an error of the call's comes to: it is called again after a signal; a denial is told from its own answer.
  long Explained(Call call, long result, long a, long b, long c, long d, long e, long f);
#endif
};

template <typename T>
long Word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

int Close(int fd);
// fcntl(F_DUPFD_CLOEXEC)
int Duplicate(int fd);
bool IsOpen(int fd);
// fcntl(F_SETFL, … | O_NONBLOCK)
int SetNonBlocking(int fd);
int Flock(int fd, int operation);
// renameat2(RENAME_NOREPLACE)
int Rename(const uint8_t* from, const uint8_t* to);
// openat(O_PATH | O_NOFOLLOW | O_CLOEXEC)
int OpenPath(const uint8_t* path);
int Ioctl(int fd, int request, void* argument);

// A point on CLOCK_MONOTONIC, in milliseconds.
int64_t Now();
void Sleep(int milliseconds);
// ppoll(2) on one descriptor until `deadline`: 1 ready, 0 too late, or a negative errno.
int WaitFor(int fd, short events, int64_t deadline);
// ppoll(2) of a socket, without waiting: which of `events` it has, POLLERR and POLLHUP too; or a negative errno. Not of other
// files: FUSE's ask their daemon, and wait for it.
int Poll(int fd, short events);
bool IsReadable(int fd);
// The value of an option of SOL_SOCKET; -1: it has none.
int SocketOption(Syscalls& syscalls, int fd, int name);
// Whether descriptors may be queued in this Unix socket: with messages that nobody has read, or in connections that nobody
// has accepted.
bool MayHoldDescriptors(Syscalls& syscalls, int fd);
