#include "closer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"

namespace {

// Of one origin. Their stacks are address space and little else, of which 32 bits have little.
constexpr int kMaxThreads = sizeof(void*) == 8 ? 64 : 16;
// One thread is enough unless a close hangs; then the next one goes on with what is queued behind it.
constexpr int64_t kHangs = 20;  // ms
constexpr kernel::TimeSpec kWatch = {0, kHangs * 1000000};
// How often an idle thread looks before it ends: closing comes in bursts, and a thread costs some 20 µs to make.
constexpr int kLooks = 50;

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

Closer::Lane::~Lane() { free(items); }

bool Closer::Lane::Push(Item item) {
  if (first == end) {
    first = end = 0;
  } else if (end == capacity && first >= capacity / 2) {
    memmove(items, items + first, (end - first) * sizeof(Item));
    end -= first;
    first = 0;
  }
  if (!Grow(items, capacity, end + 1)) return false;
  items[end++] = item;
  return true;
}

bool Closer::Lane::stalled() const { return current == 0 || Now() - since >= kHangs; }

Closer* Closer::Create() { return new Closer(); }

Closer::Closer() {
  for (Lane& lane : lanes_) lane.closer = this;
}

Closer::~Closer() { free(finished_); }

void Closer::Unref() {
  bool last = --references_ == 0;
  pthread_mutex_unlock(&mutex_);
  if (last) delete this;
}

void Closer::Abandon() {
  pthread_mutex_lock(&mutex_);
  abandoned_ = true;
  event_fd_ = -1;
  for (Lane& lane : lanes_) {
    lane.wake++;
    syscall(SYS_futex, &lane.wake, kFutexWakePrivate, INT_MAX, nullptr, nullptr, 0);
  }
  Unref();
}

bool Closer::Start(Lane& lane) {
  pthread_t thread;
  if (lane.threads == kMaxThreads || pthread_create(&thread, nullptr, Run, &lane) != 0) return false;
  pthread_detach(thread);
  lane.threads++;
  references_++;
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

void Closer::Add(int fd, Origin origin, int token) {
  Item item = {fd, token};
  Lane& lane = lanes_[origin];
  pthread_mutex_lock(&mutex_);
  bool queued = lane.Push(item);
  if (queued && lane.closing == lane.threads) {
    if (!Start(lane) && lane.threads == 0) {
      lane.end--;
      queued = false;
    }
  } else if (queued && lane.end - lane.first == 1 && lane.stalled()) {
    lane.wake++;
    syscall(SYS_futex, &lane.wake, kFutexWakePrivate, 1, nullptr, nullptr, 0);
  }
  pthread_mutex_unlock(&mutex_);
  if (queued) return;
  // Neither memory nor a thread: closing here may take its time, losing the descriptor would be wrong.
  Close(fd);
  pthread_mutex_lock(&mutex_);
  Finish(item);
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
  size_t count = 0;
  pthread_mutex_lock(&mutex_);
  for (const Lane& lane : lanes_) count += lane.end - lane.first + static_cast<size_t>(lane.closing);
  pthread_mutex_unlock(&mutex_);
  return count;
}

void* Closer::Run(void* data) {
  Lane* lane = static_cast<Lane*>(data);
  BlockSignals();
  lane->closer->Work(*lane);
  return nullptr;
}

void Closer::Work(Lane& lane) {
  int looks = 0;
  pthread_mutex_lock(&mutex_);
  for (;;) {
    if (lane.queued() && lane.stalled()) {
      Item item = lane.items[lane.first++];
      uint64_t mine = lane.current = ++lane.begun;
      lane.since = Now();
      lane.closing++;
      if (lane.queued() && lane.closing == lane.threads) Start(lane);
      pthread_mutex_unlock(&mutex_);
      Close(item.fd);
      pthread_mutex_lock(&mutex_);
      lane.closing--;
      if (lane.current == mine) lane.current = 0;
      Finish(item);
      looks = 0;
      continue;
    }
    if (!lane.queued() && (abandoned_ || looks++ == kLooks)) break;
    uint32_t seen = lane.wake;
    pthread_mutex_unlock(&mutex_);
    syscall(SYS_futex, &lane.wake, kFutexWaitPrivate, seen, &kWatch, nullptr, 0);
    pthread_mutex_lock(&mutex_);
  }
  lane.threads--;
  Unref();
}
