#include "closer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"

namespace {

// One thread is enough unless a close hangs; then another takes over what is queued behind it.
constexpr int kMaxThreads = 8;
constexpr int64_t kHangs = 20;  // ms
// How long an idle thread stays: closing comes in bursts, and a thread costs some 20 µs to make.
constexpr kernel::TimeSpec kLinger = {1, 0};

constexpr int kFutexWaitPrivate = 128;  // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
constexpr int kFutexWakePrivate = 129;

template <typename T>
bool Grow(T*& array, size_t& capacity, size_t needed) {
  if (needed <= capacity) return true;
  size_t grown = capacity ? capacity * 2 : 64;
  while (grown < needed) grown *= 2;
  T* moved = static_cast<T*>(realloc(array, grown * sizeof(T)));
  if (!moved) return false;
  array = moved;
  capacity = grown;
  return true;
}

// Signals belong to the program's threads. Those that libc uses inside (32 to 34) stay: setuid(2) waits for every thread.
void BlockSignals() {
  uint64_t mask = ~(uint64_t{7} << 31);
  syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &mask, nullptr, sizeof mask);
}

}  // namespace

Closer* Closer::Create() { return new Closer(); }

Closer::~Closer() {
  free(queue_);
  free(finished_);
}

void Closer::Unref() {
  bool last = --references_ == 0;
  pthread_mutex_unlock(&mutex_);
  if (last) delete this;
}

void Closer::Abandon() {
  pthread_mutex_lock(&mutex_);
  abandoned_ = true;
  event_fd_ = -1;
  wake_++;
  syscall(SYS_futex, &wake_, kFutexWakePrivate, INT_MAX, nullptr, nullptr, 0);
  Unref();
}

bool Closer::Start() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, Run, this) != 0) return false;
  pthread_detach(thread);
  threads_++;
  references_++;
  return true;
}

bool Closer::Enqueue(Item item) {
  if (first_ == end_) {
    first_ = end_ = 0;
  } else if (end_ == capacity_ && first_ > 0) {
    memmove(queue_, queue_ + first_, (end_ - first_) * sizeof(Item));
    end_ -= first_;
    first_ = 0;
  }
  if (!Grow(queue_, capacity_, end_ + 1)) return false;
  queue_[end_++] = item;
  return true;
}

void Closer::Finish(Item item) {
  if (!item.token || abandoned_ || !Grow(finished_, finished_capacity_, finished_count_ + 1)) return;
  finished_[finished_count_++] = item.token;
  uint64_t one = 1;
  if (event_fd_ >= 0) syscall(SYS_write, event_fd_, &one, sizeof one);
}

void Closer::Notify(int event_fd) {
  pthread_mutex_lock(&mutex_);
  event_fd_ = event_fd;
  pthread_mutex_unlock(&mutex_);
}

void Closer::Add(int fd, int token) {
  pthread_mutex_lock(&mutex_);
  if (!Enqueue({fd, token})) {
    // No memory: closing here may take its time, losing the descriptor would be wrong.
    Close(fd);
    Finish({fd, token});
  } else if (idle_ > 0) {
    wake_++;
    syscall(SYS_futex, &wake_, kFutexWakePrivate, 1, nullptr, nullptr, 0);
  } else if (threads_ == 0) {
    last_progress_ = Now();
    if (!Start()) {
      first_ = end_;
      Close(fd);
      Finish({fd, token});
    }
  } else if (threads_ < kMaxThreads && Now() - last_progress_ > kHangs) {
    last_progress_ = Now();
    Start();
  }
  pthread_mutex_unlock(&mutex_);
}

size_t Closer::TakeFinished(int32_t* tokens, size_t space) {
  pthread_mutex_lock(&mutex_);
  size_t count = finished_count_ < space ? finished_count_ : space;
  memcpy(tokens, finished_, count * sizeof(int32_t));
  finished_count_ -= count;
  memmove(finished_, finished_ + count, finished_count_ * sizeof(int32_t));
  pthread_mutex_unlock(&mutex_);
  return count;
}

size_t Closer::waiting() {
  pthread_mutex_lock(&mutex_);
  size_t count = end_ - first_ + busy_;
  pthread_mutex_unlock(&mutex_);
  return count;
}

void* Closer::Run(void* self) {
  BlockSignals();
  static_cast<Closer*>(self)->Work();
  return nullptr;
}

void Closer::Work() {
  pthread_mutex_lock(&mutex_);
  for (;;) {
    while (first_ < end_) {
      Item item = queue_[first_++];
      busy_++;
      last_progress_ = Now();
      pthread_mutex_unlock(&mutex_);
      Close(item.fd);
      pthread_mutex_lock(&mutex_);
      busy_--;
      Finish(item);
    }
    if (abandoned_) break;
    idle_++;
    uint32_t seen = wake_;
    pthread_mutex_unlock(&mutex_);
    long woken = syscall(SYS_futex, &wake_, kFutexWaitPrivate, seen, &kLinger, nullptr, 0);
    bool late = woken == -1 && errno == ETIMEDOUT;
    pthread_mutex_lock(&mutex_);
    idle_--;
    if (late && first_ == end_) break;
  }
  threads_--;
  Unref();
}
