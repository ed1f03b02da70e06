// One system call: returns a result, or a negative errno. It is inlined: a function around it takes 45 ns more. We believe that the
// processor can't predict a return right after the kernel's own.
#pragma once

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SENDMSG_INLINE [[gnu::always_inline]] inline

#if defined(__x86_64__)

SENDMSG_INLINE long EnterKernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

SENDMSG_INLINE long EnterKernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
  return x0;
}

#else

// libc enters the kernel through the vDSO, which is quicker than `int $0x80`.
SENDMSG_INLINE long EnterKernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result = syscall(number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

#endif

// Takes pointers and integers alike.
template <typename... Args>
SENDMSG_INLINE long RawCall(long number, Args... args) {
  return EnterKernel(number, (long)args...);
}

// The same, but makes the call again if a signal has interrupted it.
template <typename... Args>
SENDMSG_INLINE long Retried(long number, Args... args) {
  long result;
  do result = RawCall(number, args...);
  while (result == -EINTR);
  return result;
}
