#include "overflow.h"

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
  if (memory_) RawCall(SYS_munmap, memory_, kSize);
}

uint8_t* Overflow::memory() {
  if (!memory_) {
    long mapped = RawCall(kMap, 0, kSize, kReadWrite, kPrivateAnonymousNoReserve, -1, 0);
    // A 32-bit address can look negative. Only errnos are between -4095 and -1.
    if (mapped < 0 && mapped >= -4095) return nullptr;
    memory_ = reinterpret_cast<uint8_t*>(mapped);
  }
  return memory_;
}

void Overflow::Empty(size_t used) {
  if (memory_ && used > 0) RawCall(SYS_madvise, memory_, used, kDontNeed);
}
