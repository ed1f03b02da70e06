#include "workers.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// Of one lane. Their stacks are address space and little else, of which 32 bits have little.
constexpr int kMaxThreads = sizeof(void*) == 8 ? 64 : 16;
// At most this many work for one uid: one user cannot hold up the others.
constexpr int kMaxThreadsOfUid = kMaxThreads / 2;
// One thread is enough unless a close hangs. The next thread waits this long before it helps with what is queued.
constexpr kernel::TimeSpec kPatience = {0, 5 * 1000000};
constexpr kernel::TimeSpec kIdle = {0, 20 * 1000000};
// A thread that has just closed something looks again after kMoment, kMoments times. Meanwhile nobody wakes it: to wake it would cost
// the loop's thread more than all else about a close.
constexpr kernel::TimeSpec kMoment = {0, 1000000};
constexpr int kMoments = 20;
// How often an idle thread looks before it ends: closing comes in bursts, and a thread costs some 20 µs to make.
constexpr int kLooks = kMoments + 50;

// Beyond these, more descriptors that wait to be closed are of no use to anybody.
constexpr int kMaxOfSocket = 1024;
constexpr int kMaxOfUid = 4096;
constexpr int kMaxOfProcess = 8192;

constexpr int kFutexWaitPrivate = 128;  // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
constexpr int kFutexWakePrivate = 129;

bool Grow(int32_t*& array, size_t& capacity, size_t needed) {
  if (needed <= capacity) return true;
  size_t grown = capacity ? capacity * 2 : 64;
  int32_t* moved = static_cast<int32_t*>(realloc(array, grown * sizeof(int32_t)));
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

// Counters are written under the mutex and read without it, on the way of every receive.
void Count(int& counter, int by) { __atomic_store_n(&counter, counter + by, __ATOMIC_RELAXED); }
int Read(const int& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

int Least(int a, int b) { return a < b ? a : b; }

}  // namespace

struct Workers::Task {
  Task* next;
  Source* source;
  // The socket that it counts against, besides its source; or null.
  Account* account;
  // The call to make; null: close(2) of `fd`.
  OffLoopCall* call;
  // Of a close: -1 once a thread has begun it.
  int fd;
  int token;
};

// What one uid has in a lane.
struct Workers::Source {
  Source* next;
  uint32_t uid;
  Task* first;
  Task* last;
  int waiting, running;
  // Accounts; tasks are counted above.
  int references;
};

Workers* Workers::Create() { return new Workers(); }

Workers::Workers() {
  for (Lane& lane : lanes_) lane.workers = this;
}

Workers::~Workers() {
  free(finished_);
  for (Lane& lane : lanes_) {
    while (Source* source = lane.sources) {
      lane.sources = source->next;
      delete source;
    }
  }
}

// The mutex is held, and given back.
void Workers::Leave() {
  bool last = --references_ == 0;
  pthread_mutex_unlock(&mutex_);
  if (last) delete this;
}

void Workers::Abandon() {
  pthread_mutex_lock(&mutex_);
  abandoned_ = true;
  event_fd_ = -1;
  // What has arrived meanwhile and nobody will take. Closing it here could take its time.
  for (OffLoopCall** at = &calls_; OffLoopCall* call = *at;) {
    if (!call->finished) {
      at = &call->next;
      continue;
    }
    *at = call->next;
    Source* source = SourceOf(lanes_[kCalls], kNobody);
    Task* task = new Task{nullptr, source, nullptr, call, -1, 0};
    if (Add(lanes_[kCalls], source, task)) {
      Summon(lanes_[kCalls], 1, true);
    } else {
      call->CloseArrived();
      delete call;
      delete task;
    }
  }
  for (Lane& lane : lanes_) {
    lane.wake++;
    syscall(SYS_futex, &lane.wake, kFutexWakePrivate, INT_MAX, nullptr, nullptr, 0);
  }
  Leave();
}

Workers::Source* Workers::SourceOf(Lane& lane, uint32_t uid) {
  for (Source* source = lane.sources; source; source = source->next) {
    if (source->uid == uid) return source;
  }
  return lane.sources = new Source{lane.sources, uid, nullptr, nullptr, 0, 0, 0};
}

// Uids come and go: one that has nothing here any more is forgotten.
void Workers::Release(Lane& lane, Source* source) {
  if (source->references > 0 || source->waiting > 0) return;
  for (Source** at = &lane.sources; *at; at = &(*at)->next) {
    if (*at != source) continue;
    *at = source->next;
    delete source;
    return;
  }
}

Workers::Account* Workers::Open(uint32_t uid) {
  pthread_mutex_lock(&mutex_);
  Source* source = SourceOf(lanes_[kStrangers], uid);
  source->references++;
  pthread_mutex_unlock(&mutex_);
  return new Account{source, 0, 1};
}

uint32_t Workers::UidOf(const Account* account) { return account ? account->source->uid : kNobody; }

void Workers::Unref(Account* account) {
  if (!account || __atomic_sub_fetch(&account->references, 1, __ATOMIC_ACQ_REL) > 0) return;
  pthread_mutex_lock(&mutex_);
  account->source->references--;
  Release(lanes_[kStrangers], account->source);
  pthread_mutex_unlock(&mutex_);
  delete account;
}

Workers::Bounds Workers::BoundsOf(int limit) {
  return {Least(limit / 16, kMaxOfSocket), Least(limit / 8, kMaxOfUid), Least(limit / 4, kMaxOfProcess)};
}

bool Workers::HasRoom(const Account* account, int limit) const {
  int of_uid = Read(account->source->waiting);
  Bounds bounds = BoundsOf(limit);
  // Only a uid with a good part in it is held to the process's bound. But there can be very many uids with a small one.
  int of_process = 2 * of_uid >= bounds.uid ? bounds.process : 3 * bounds.process;
  return Read(account->waiting) < bounds.socket && of_uid < bounds.uid &&
         Read(lanes_[kStrangers].waiting) < of_process;
}

bool Workers::StartThread(Lane& lane) {
  pthread_t thread;
  if (lane.threads == kMaxThreads || pthread_create(&thread, nullptr, Run, &lane) != 0) return false;
  pthread_detach(thread);
  lane.threads++;
  references_++;
  return true;
}

// Sees to it that somebody takes the `added` tasks that were queued last. `awaited`: somebody waits for them.
void Workers::Summon(Lane& lane, int added, bool awaited) {
  bool are_calls = &lane == &lanes_[kCalls];
  // A thread that is at work takes what has come meanwhile. Where none is, one wake-up is enough for all that comes until then.
  bool first = lane.waiting == added && lane.lingering == 0;
  bool hurry = are_calls || (lane.running == 0 && (awaited || first));
  if (lane.threads == lane.running || (are_calls && lane.threads < lane.waiting)) {
    StartThread(lane);
  } else if (hurry) {
    lane.wake++;
    syscall(SYS_futex, &lane.wake, kFutexWakePrivate, 1, nullptr, nullptr, 0);
  }
}

// Queues a task. False: there is no thread that would ever take it.
bool Workers::Add(Lane& lane, Source* source, Task* task) {
  if (lane.threads == 0 && !StartThread(lane)) {
    Release(lane, source);
    return false;
  }
  (source->first ? source->last->next : source->first) = task;
  source->last = task;
  Count(source->waiting, 1);
  Count(lane.waiting, 1);
  if (task->account) {
    Count(task->account->waiting, 1);
    __atomic_add_fetch(&task->account->references, 1, __ATOMIC_RELAXED);
  }
  return true;
}

bool Workers::CloseAfterCall(int fd, int token) {
  for (OffLoopCall* call = calls_; call; call = call->next) {
    if (call->fd != fd || call->finished || call->closes) continue;
    call->closes = true;
    call->close_token = token;
    return true;
  }
  return false;
}

void Workers::Close(int fd, LaneName name, uint32_t uid, int token) {
  Lane& lane = lanes_[name];
  pthread_mutex_lock(&mutex_);
  bool taken = CloseAfterCall(fd, token);
  if (!taken) {
    Source* source = SourceOf(lane, uid);
    Task* task = new Task{nullptr, source, nullptr, nullptr, fd, token};
    taken = Add(lane, source, task);
    if (taken) {
      Summon(lane, 1, token > 0);
    } else {
      delete task;
    }
  }
  pthread_mutex_unlock(&mutex_);
  if (taken) return;
  // There is no thread: closing here may take its time, losing the descriptor would be wrong.
  ::Close(fd);
  pthread_mutex_lock(&mutex_);
  Finish(token);
  pthread_mutex_unlock(&mutex_);
}

void Workers::Close(int fd, Account* account, int token) {
  if (!account) return Close(fd, kStrangers, kNobody, token);
  Lane& lane = lanes_[kStrangers];
  pthread_mutex_lock(&mutex_);
  bool taken = CloseAfterCall(fd, token);
  if (!taken) {
    Task* task = new Task{nullptr, account->source, account, nullptr, fd, token};
    taken = Add(lane, account->source, task);
    if (taken) {
      Summon(lane, 1, token > 0);
    } else {
      delete task;
    }
  }
  pthread_mutex_unlock(&mutex_);
  if (!taken) Close(fd, kStrangers, kNobody, token);
}

void Workers::CloseAll(const int* fds, int count, Account* account) {
  Lane& lane = lanes_[kStrangers];
  int added = 0;
  pthread_mutex_lock(&mutex_);
  Source* source = account ? account->source : SourceOf(lane, kNobody);
  for (; added < count; added++) {
    Task* task = new Task{nullptr, source, account, nullptr, fds[added], 0};
    if (Add(lane, source, task)) continue;
    delete task;
    break;
  }
  if (added > 0) Summon(lane, added, false);
  pthread_mutex_unlock(&mutex_);
  for (; added < count; added++) ::Close(fds[added]);
}

bool Workers::IsClosing(int fd) {
  bool closing = false;
  pthread_mutex_lock(&mutex_);
  for (const Lane& lane : lanes_) {
    if (&lane == &lanes_[kCalls]) continue;
    for (const Task* task = lane.taken; task; task = task->next) closing |= task->fd == fd;
    for (const Source* source = lane.sources; source; source = source->next) {
      for (const Task* task = source->first; task; task = task->next) closing |= task->fd == fd;
    }
  }
  for (const OffLoopCall* call = calls_; call; call = call->next) closing |= call->fd == fd && call->closes;
  pthread_mutex_unlock(&mutex_);
  return closing;
}

bool Workers::Start(OffLoopCall* call, uint32_t uid) {
  Lane& lane = lanes_[kCalls];
  pthread_mutex_lock(&mutex_);
  Source* source = SourceOf(lane, uid);
  Task* task = new Task{nullptr, source, nullptr, call, call->fd, call->token};
  bool added = Add(lane, source, task);
  if (added) {
    call->next = calls_;
    calls_ = call;
    Summon(lane, 1, true);
  }
  pthread_mutex_unlock(&mutex_);
  if (added) return true;
  delete task;
  delete call;
  return false;
}

OffLoopCall* Workers::End(int token) {
  OffLoopCall* ended = nullptr;
  pthread_mutex_lock(&mutex_);
  for (OffLoopCall** at = &calls_; *at; at = &(*at)->next) {
    if ((*at)->token != token || !(*at)->finished) continue;
    ended = *at;
    *at = ended->next;
    break;
  }
  pthread_mutex_unlock(&mutex_);
  return ended;
}

void Workers::Finish(int token) {
  if (!token || abandoned_ || !Grow(finished_, finished_capacity_, finished_count_ + 1)) return;
  finished_[finished_count_++] = token;
  uint64_t one = 1;
  if (event_fd_ >= 0) syscall(SYS_write, event_fd_, &one, sizeof one);
}

void Workers::Notify(int event_fd) {
  pthread_mutex_lock(&mutex_);
  event_fd_ = event_fd;
  pthread_mutex_unlock(&mutex_);
}

size_t Workers::TakeFinished(int32_t* tokens, size_t space) {
  pthread_mutex_lock(&mutex_);
  size_t count = finished_count_ < space ? finished_count_ : space;
  // Before the first there is no memory, and memcpy() may not be given null.
  if (count > 0) {
    memcpy(tokens, finished_, count * sizeof(int32_t));
    finished_count_ -= count;
    memmove(finished_, finished_ + count, finished_count_ * sizeof(int32_t));
  }
  pthread_mutex_unlock(&mutex_);
  return count;
}

size_t Workers::waiting() {
  size_t count = 0;
  pthread_mutex_lock(&mutex_);
  for (const Lane& lane : lanes_) count += static_cast<size_t>(lane.waiting);
  pthread_mutex_unlock(&mutex_);
  return count;
}

bool Workers::IsTakeable(const Lane& lane) const {
  for (const Source* source = lane.sources; source; source = source->next) {
    if (source->first && (&lane == &lanes_[kOwn] || source->running < kMaxThreadsOfUid)) return true;
  }
  return false;
}

// The next task of the uid whose turn it is; or null.
Workers::Task* Workers::Take(Lane& lane) {
  for (Source** at = &lane.sources; *at; at = &(*at)->next) {
    Source* source = *at;
    if (!source->first || (&lane != &lanes_[kOwn] && source->running >= kMaxThreadsOfUid)) continue;
    Task* task = source->first;
    source->first = task->next;
    source->running++;
    task->next = lane.taken;
    lane.taken = task;
    if (source->next) {
      *at = source->next;
      source->next = nullptr;
      Source** end = at;
      while (*end) end = &(*end)->next;
      *end = source;
    }
    return task;
  }
  return nullptr;
}

void* Workers::Run(void* data) {
  Lane* lane = static_cast<Lane*>(data);
  BlockSignals();
  lane->workers->Work(*lane);
  return nullptr;
}

// Whether something has come meanwhile: then it is closed elsewhere. The mutex is held before and after.
bool Workers::IsUnread(const Lane& lane, const Task* task) {
  if (&lane != &lanes_[kRead]) return false;
  pthread_mutex_unlock(&mutex_);
  Syscalls syscalls;
  bool unread = MayHoldDescriptors(syscalls, task->fd);
  pthread_mutex_lock(&mutex_);
  if (!unread) return false;
  Source* source = SourceOf(lanes_[kUnread], task->source->uid);
  Task* moved = new Task{nullptr, source, nullptr, nullptr, task->fd, task->token};
  if (Add(lanes_[kUnread], source, moved)) {
    Summon(lanes_[kUnread], 1, task->token > 0);
    return true;
  }
  delete moved;
  return false;
}

// The mutex is held before and after, not during the call.
void Workers::Perform(Lane& lane, Task* task) {
  if (IsUnread(lane, task)) return;
  OffLoopCall* call = task->call;
  bool makes = call && !call->finished && !abandoned_;
  int closing = task->fd;
  task->fd = -1;
  pthread_mutex_unlock(&mutex_);
  if (!call) ::Close(closing);
  if (makes) call->Make();
  pthread_mutex_lock(&mutex_);
  if (!call) return Finish(task->token);
  bool closes = call->closes;
  int close_token = call->close_token;
  int fd = call->fd;
  // Done once: a call that has finished comes here again when the environment ends before anybody takes it.
  call->closes = false;
  if (abandoned_) {
    for (OffLoopCall** at = &calls_; *at; at = &(*at)->next) {
      if (*at != call) continue;
      *at = call->next;
      break;
    }
    pthread_mutex_unlock(&mutex_);
    call->CloseArrived();
    delete call;
    pthread_mutex_lock(&mutex_);
  } else {
    call->finished = true;
    Finish(task->token);
  }
  // Whichever of the descriptor's calls ends last closes it: the number could be another file's when the others use it.
  if (!closes || CloseAfterCall(fd, close_token)) return;
  pthread_mutex_unlock(&mutex_);
  ::Close(fd);
  pthread_mutex_lock(&mutex_);
  Finish(close_token);
}

void Workers::Work(Lane& lane) {
  int looks = 0;
  // Whether it takes what is queued, though another thread is at work: it has just finished something, or has looked on for long.
  bool eager = &lane == &lanes_[kCalls];
  pthread_mutex_lock(&mutex_);
  for (;;) {
    Task* task = eager || lane.running == 0 ? Take(lane) : nullptr;
    if (task) {
      Source* source = task->source;
      lane.running++;
      // Somebody must look on, as long as there is more.
      if (lane.threads == lane.running && IsTakeable(lane)) StartThread(lane);
      Perform(lane, task);
      lane.running--;
      Count(lane.waiting, -1);
      source->running--;
      Count(source->waiting, -1);
      Account* account = task->account;
      if (account) Count(account->waiting, -1);
      Task** at = &lane.taken;
      while (*at != task) at = &(*at)->next;
      *at = task->next;
      delete task;
      if (account && __atomic_sub_fetch(&account->references, 1, __ATOMIC_ACQ_REL) == 0) {
        source->references--;
        delete account;
      }
      Release(lane, source);
      eager = true;
      looks = 0;
      continue;
    }
    if (!IsTakeable(lane) && (abandoned_ || looks++ == kLooks)) break;
    bool watches = !lane.watched && lane.waiting > 0;
    bool lingers = !watches && looks <= kMoments;
    if (watches) lane.watched = true;
    if (lingers) lane.lingering++;
    uint32_t seen = lane.wake;
    pthread_mutex_unlock(&mutex_);
    const kernel::TimeSpec& span = watches ? kPatience : lingers ? kMoment : kIdle;
    long woken = syscall(SYS_futex, &lane.wake, kFutexWaitPrivate, seen, &span, nullptr, 0);
    pthread_mutex_lock(&mutex_);
    if (watches) lane.watched = false;
    if (lingers) lane.lingering--;
    eager = (woken == -1 && !lingers) || &lane == &lanes_[kCalls];
  }
  lane.threads--;
  Leave();
}
