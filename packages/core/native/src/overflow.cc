#include "overflow.h"

#include <sys/syscall.h>

#include "raw-call.h"

namespace {

// include/uapi/asm-generic/mman-common.h
constexpr long kReadWrite = 0x3;
constexpr long kPrivateAnonymousNoReserve = 0x4022;
constexpr long kDontNeed = 4;  // MADV_DONTNEED
#if defined(SYS_mmap2)
constexpr long kMap = SYS_mmap2;
#else
constexpr long kMap = SYS_mmap;
#endif

}  // namespace

Overflow::~Overflow() {
  if (memory_) RawCall(SYS_munmap, (long)memory_, kSize);
}

uint8_t* Overflow::memory() {
  if (!memory_) {
    long mapped = RawCall(kMap, 0, kSize, kReadWrite, kPrivateAnonymousNoReserve, -1, 0);
    // An address is no small negative number, on 32 bits either.
    if (mapped < 0 && mapped >= -4095) return nullptr;
    memory_ = reinterpret_cast<uint8_t*>(mapped);
  }
  return memory_;
}

void Overflow::Empty(size_t used) {
  if (memory_ && used > 0) RawCall(SYS_madvise, (long)memory_, (long)used, kDontNeed);
}
