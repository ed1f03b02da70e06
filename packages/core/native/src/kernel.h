// The kernel's own structs and numbers. We do not use libc's: musl pads msghdr and cmsghdr, and glibc rewrites them on ia32.
#pragma once

#include "bytes.h"

namespace kernel {

// struct user_msghdr, include/linux/socket.h
struct MsgHdr {
  MsgHdr() = default;
  explicit MsgHdr(Bytes* iov, size_t count, Bytes control = {}, Bytes address = {})
      : name(address.data),
        name_length(static_cast<int>(address.length)),
        iov(iov),
        iov_count(count),
        control(control.data),
        control_length(control.length) {}

  uint8_t* name;
  int name_length;
  Bytes* iov;
  size_t iov_count;
  uint8_t* control;
  size_t control_length;
  unsigned flags = 0;
};

struct MMsgHdr {
  MsgHdr header;
  unsigned length;
};

struct CMsgHdr {
  size_t length;
  int level;
  int type;
};

// struct sock_fprog, include/uapi/linux/filter.h
struct Program {
  uint16_t length;
  void* instructions;
};

struct TimeSpec {
  long seconds;
  long nanoseconds;
};

// struct __kernel_timespec: the same on every architecture.
struct TimeSpec64 {
  int64_t seconds;
  int64_t nanoseconds;
};

#if defined(__LP64__)
static_assert(sizeof(MsgHdr) == 56 && sizeof(MMsgHdr) == 64 && sizeof(CMsgHdr) == 16);
#else
static_assert(sizeof(MsgHdr) == 28 && sizeof(MMsgHdr) == 32 && sizeof(CMsgHdr) == 12);
#endif

// src/constants has these numbers, too. test/native/contract.test.ts compares the two.
constexpr int kSolSocket = 1;
constexpr int kSoReuseAddr = 2;
constexpr int kSoType = 3;
constexpr int kSoPeerCred = 17;
constexpr int kSoAttachFilter = 26;  // SO_GET_FILTER, for getsockopt(2)
constexpr int kSoDomain = 39;
constexpr int kSoPeerPidfd = 77;
constexpr int kAfUnix = 1;
constexpr int kSockStream = 1;
constexpr int kScmRights = 1;
constexpr int kScmPidfd = 4;
constexpr size_t kScmMaxFd = 253;
constexpr int kMsgPeek = 0x2;
constexpr int kMsgCTrunc = 0x8;
constexpr int kMsgDontWait = 0x40;
constexpr int kMsgCmsgCloexec = 0x40000000;
constexpr size_t kUioMaxiov = 1024;  // iov entries of a message, messages of a batch

constexpr int kInstruction = 8;     // sizeof(struct sock_filter)
constexpr int kCloexec = 02000000;  // O_CLOEXEC, also as EFD_CLOEXEC and EPOLL_CLOEXEC
constexpr int kNonBlock = 04000;    // O_NONBLOCK, also as EFD_NONBLOCK
constexpr int kAtFdCwd = -100;

constexpr size_t CMsgAlign(size_t n) { return (n + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1); }
constexpr size_t CMsgSpace(size_t n) { return CMsgAlign(sizeof(CMsgHdr)) + CMsgAlign(n); }

}  // namespace kernel
