// The kernel's own structs and numbers. libc's differ: musl pads msghdr and cmsghdr, glibc's ia32 calls rewrite them.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernel {

struct IoVec {
  void* base;
  size_t length;
};

// struct user_msghdr, include/linux/socket.h
struct MsgHdr {
  void* name;
  int name_length;
  IoVec* iov;
  size_t iov_count;
  void* control;
  size_t control_length;
  unsigned flags;
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

#if defined(__LP64__)
static_assert(sizeof(MsgHdr) == 56 && sizeof(MMsgHdr) == 64 && sizeof(CMsgHdr) == 16);
#else
static_assert(sizeof(MsgHdr) == 28 && sizeof(MMsgHdr) == 32 && sizeof(CMsgHdr) == 12);
#endif

constexpr int kSolSocket = 1;
constexpr int kSoType = 3;
constexpr int kSoPeerCred = 17;
constexpr int kSoPeerPidfd = 77;
constexpr int kSoDomain = 39;
constexpr int kAfUnix = 1;
constexpr int kSockStream = 1;
constexpr int kFionRead = 0x541b;
constexpr int kSoGetFilter = 26;
constexpr int kInstruction = 8;  // sizeof(struct sock_filter)
constexpr int kScmRights = 1;
constexpr int kScmPidfd = 4;

constexpr int kMsgPeek = 0x2;
constexpr int kMsgCTrunc = 0x8;
constexpr int kMsgTrunc = 0x20;
constexpr int kMsgDontWait = 0x40;
constexpr int kMsgNoSignal = 0x4000;
constexpr int kMsgCmsgCloexec = 0x40000000;

constexpr size_t kScmMaxFd = 253;        // SCM_MAX_FD, include/net/scm.h
constexpr size_t kIovMax = 1024;         // UIO_MAXIOV: iov entries of a message, messages of a batch
constexpr size_t kSockaddrStorage = 128; // sizeof(struct sockaddr_storage)

constexpr size_t CMsgAlign(size_t n) { return (n + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1); }
constexpr size_t CMsgSpace(size_t n) { return CMsgAlign(sizeof(CMsgHdr)) + CMsgAlign(n); }

}  // namespace kernel
