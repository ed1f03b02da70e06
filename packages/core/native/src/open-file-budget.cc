#include "open-file-budget.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "event-fd.h"
#include "syscalls.h"

namespace {

constexpr int kAtEmptyPath = 0x1000;
constexpr unsigned kStatxSize = 0x200;
constexpr int kRlimitNoFile = 7;

// struct statx, include/uapi/linux/stat.h: the same on every architecture.
struct Statx {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t links, uid, gid;
  uint16_t mode, spare;
  uint64_t inode, size;
  uint64_t rest[26];
};
static_assert(sizeof(Statx) == 256);

// struct linux_dirent64, without the name.
struct Entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
};

// The time, from the processor's own counter. Asking the kernel for the time would take as long as counting the files.
#if defined(__x86_64__) || defined(__i386__)
uint64_t Ticks() { return __builtin_ia32_rdtsc(); }
uint64_t TicksOfMillisecond() { return uint64_t{1} << 21; }  // If the counter runs at 2 GHz. If it is faster, we count more often.
#elif defined(__aarch64__)
uint64_t Ticks() {
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
}
uint64_t TicksOfMillisecond() {
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency / 1000;
}
#else
uint64_t Ticks() { return static_cast<uint64_t>(Now()); }
uint64_t TicksOfMillisecond() { return 1; }
#endif

}  // namespace

OpenFileBudget::~OpenFileBudget() {
  if (directory_ >= 0) Close(directory_);
}

void OpenFileBudget::Open() {
  directory_ = static_cast<int>(RawCall(SYS_openat, kernel::kAtFdCwd, "/proc/self/fd", kernel::kCloexec, 0));
}

bool OpenFileBudget::IsEnough() {
  bool old = Ticks() - counted_ > fresh_;
  if (old || (free_ < kMargin && !listed_)) Count();
  return free_ >= kMargin;
}

void OpenFileBudget::Count() {
  struct {
    uint64_t soft, hard;
  } limits = {};
  RawCall(SYS_prlimit64, 0, kRlimitNoFile, 0, &limits);
  limit_ = limits.soft > INT_MAX ? INT_MAX : static_cast<int>(limits.soft);
  free_ = limit_ - Used();
  fresh_ = TicksOfMillisecond() * (listed_ ? 16 : 1);
  counted_ = Ticks();
}

int64_t OpenFileBudget::Used() {
  if (directory_ >= 0 && !listed_) {
    Statx stat = {};
    if (RawCall(SYS_statx, directory_, "", kAtEmptyPath, kStatxSize, &stat) == 0 && stat.size > 0) {
      return static_cast<int64_t>(stat.size);
    }
    listed_ = true;
  }
  if (directory_ >= 0 && RawCall(SYS_lseek, directory_, 0, 0) == 0) {
    alignas(8) char entries[8192];
    int64_t count = -2;  // "." and ".."
    long length;
    while ((length = RawCall(SYS_getdents64, directory_, entries, sizeof entries)) > 0) {
      for (long at = 0; at < length; count++) {
        uint16_t step;
        memcpy(&step, entries + at + offsetof(Entry, length), sizeof step);
        at += step;
      }
    }
    if (length == 0 && count > 0) return count;
  }
  int lowest = OpenEventFd();
  if (lowest < 0) return lowest == -EMFILE ? limit_ : 0;
  Close(lowest);
  return lowest;
}
