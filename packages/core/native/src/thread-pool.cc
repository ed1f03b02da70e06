#include "thread-pool.h"

#include <limits.h>

#include "event-fd.h"
#include "lock.h"

namespace {

// Of one lane. A stack is mostly address space, of which 32 bits have little.
constexpr int kMaxThreads = sizeof(void*) == 8 ? 64 : 16;
// One thread is enough unless a close hangs. The next thread waits this long before it helps with what is queued.
constexpr kernel::TimeSpec kPatience = {0, 5 * 1000000};
constexpr kernel::TimeSpec kIdle = {0, 20 * 1000000};
// A thread that has just closed something looks again after kMoment, kMoments times. Meanwhile nobody wakes it: waking it would
// cost the loop's thread more than everything else about a close.
constexpr kernel::TimeSpec kMoment = {0, 1000000};
constexpr int kMoments = 20;
// How often an idle thread looks before it ends: closes come in bursts, and it takes some 20 µs to make a thread.
constexpr int kLooks = kMoments + 50;

// If more descriptors than these wait to be closed, nobody gains anything.
constexpr int kMaxOfSocket = 1024;
constexpr int kMaxOfUid = 4096;
constexpr int kMaxOfProcess = 8192;

constexpr int kFutexWaitPrivate = 128;  // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
constexpr int kFutexWakePrivate = 129;  // FUTEX_WAKE | FUTEX_PRIVATE_FLAG

void Wake(uint32_t& futex, int threads) {
  futex++;
  RawCall(SYS_futex, &futex, kFutexWakePrivate, threads, 0, 0, 0);
}

int Least(int a, int b) { return a < b ? a : b; }

}  // namespace

ThreadPool::ThreadPool() {
  for (Lane& lane : lanes_) {
    lane.pool = this;
    // One user cannot hold up the others. In kOwn there is only one.
    lane.limit = &lane == &lanes_[kOwn] ? kMaxThreads : kMaxThreads / 2;
  }
}

// The mutex is held, and given back.
void ThreadPool::Leave() {
  bool last = --references_ == 0;
  pthread_mutex_unlock(&mutex_);
  if (last) delete this;
}

void ThreadPool::Abandon() {
  pthread_mutex_lock(&mutex_);
  abandoned_ = true;
  event_fd_ = -1;
  // A finished call may have brought descriptors, which nobody will take now. To close them could take long: a thread does it.
  for (OffLoopCall* call = calls_; call;) {
    OffLoopCall* finished = call;
    call = call->next;
    if (!finished->finished) continue;
    Unlink(finished);
    if (Add(calls_lane_, {.source = calls_lane_.queue.SourceOf(kNobody), .call = finished})) {
      Summon(calls_lane_, 1, true);
    } else {
      finished->CloseArrived();
      delete finished;
    }
  }
  for (Lane& lane : lanes_) Wake(lane.wake, INT_MAX);
  Leave();
}

Account* ThreadPool::Open(uint32_t uid) {
  Lock lock(mutex_);
  Source* source = lanes_[kStrangers].queue.SourceOf(uid);
  source->accounts++;
  return new Account{source, 0, 1};
}

void ThreadPool::Unref(Account* account) {
  if (!account || !account->Unref()) return;
  Lock lock(mutex_);
  lanes_[kStrangers].queue.Delete(account);
}

bool ThreadPool::HasRoom(const Account* account, int limit) const {
  int waiting_of_uid = Read(account->source->waiting);
  int of_uid = Least(limit / 8, kMaxOfUid);
  int of_process = Least(limit / 4, kMaxOfProcess);
  // While a uid has less than half of its own bound, others cannot keep it out that easily. But it is held to a bound, too, because
  // there can be very many such uids.
  if (2 * waiting_of_uid < of_uid) of_process *= 3;
  return Read(account->waiting) < Least(limit / 16, kMaxOfSocket) && waiting_of_uid < of_uid &&
         Read(lanes_[kStrangers].queue.waiting) < of_process;
}

bool ThreadPool::StartThread(Lane& lane) {
  pthread_t thread;
  if (lane.threads == kMaxThreads || pthread_create(&thread, nullptr, Run, &lane) != 0) return false;
  pthread_detach(thread);
  lane.threads++;
  references_++;
  return true;
}

// Sees to it that a thread takes the `added` tasks that were queued last. `awaited`: somebody waits for them.
void ThreadPool::Summon(Lane& lane, int added, bool awaited) {
  bool are_calls = &lane == &calls_lane_;
  const TaskQueue& queue = lane.queue;
  // A thread that is at work takes what has come meanwhile. If none is, one wake-up is enough for everything that comes until it
  // looks.
  bool first = queue.waiting == added && lane.lingering == 0;
  bool hurry = are_calls || (queue.running == 0 && (awaited || first));
  if (lane.threads == queue.running || (are_calls && lane.threads < queue.waiting)) {
    StartThread(lane);
  } else if (hurry) {
    Wake(lane.wake, 1);
  }
}

// Queues a task. False: there is no thread that would ever take it.
bool ThreadPool::Add(Lane& lane, const Task& task) {
  if (lane.threads == 0 && !StartThread(lane)) {
    lane.queue.Release(task.source);
    return false;
  }
  lane.queue.Add(task);
  return true;
}

bool ThreadPool::CloseAfterCall(int fd, int token) {
  for (OffLoopCall* call = calls_; call; call = call->next) {
    if (call->fd != fd || call->finished || call->closes) continue;
    call->closes = true;
    call->close_token = token;
    return true;
  }
  return false;
}

void ThreadPool::Close(const int* fds, int count, const Origin& origin, int token) {
  Lane& lane = lanes_[origin.lane];
  int done = 0;
  {
    Lock lock(mutex_);
    int added = 0;
    for (; done < count; done++) {
      if (CloseAfterCall(fds[done], token)) continue;
      Source* source = origin.account ? origin.account->source : lane.queue.SourceOf(origin.uid);
      if (!Add(lane, {.source = source, .account = origin.account, .fd = fds[done], .token = token})) break;
      added++;
    }
    if (added > 0) Summon(lane, added, token > 0);
  }
  if (done == count) return;
  // There is no thread. To close here may take long, but otherwise the descriptor would be lost.
  while (done < count) ::Close(fds[done++]);
  Lock lock(mutex_);
  Finish(token);
}

bool ThreadPool::IsClosing(int fd) {
  Lock lock(mutex_);
  for (const Lane& lane : lanes_) {
    if (lane.queue.IsClosing(fd)) return true;
  }
  for (const OffLoopCall* call = calls_; call; call = call->next) {
    if (call->fd == fd && call->closes) return true;
  }
  return false;
}

bool ThreadPool::Start(OffLoopCall* call, uint32_t uid) {
  Lock lock(mutex_);
  if (!Add(calls_lane_, {.source = calls_lane_.queue.SourceOf(uid), .call = call})) {
    delete call;
    return false;
  }
  call->next = calls_;
  calls_ = call;
  Summon(calls_lane_, 1, true);
  return true;
}

// Does nothing if the call is not among `calls_`.
void ThreadPool::Unlink(OffLoopCall* call) {
  for (OffLoopCall** at = &calls_; *at; at = &(*at)->next) {
    if (*at != call) continue;
    *at = call->next;
    return;
  }
}

OffLoopCall* ThreadPool::End(int token) {
  Lock lock(mutex_);
  OffLoopCall* call = calls_;
  while (call && (call->token != token || !call->finished)) call = call->next;
  if (call) Unlink(call);
  return call;
}

void ThreadPool::Finish(int token) {
  if (!token || abandoned_ || !finished_.Reserve(finished_count_ + 1)) return;
  finished_[finished_count_++] = token;
  if (event_fd_ >= 0) Signal(event_fd_);
}

void ThreadPool::Notify(int event_fd) {
  Lock lock(mutex_);
  event_fd_ = event_fd;
}

size_t ThreadPool::TakeFinished(int32_t* tokens, size_t space) {
  Lock lock(mutex_);
  size_t count = finished_count_ < space ? finished_count_ : space;
  Copy(tokens, finished_.data(), count * sizeof(int32_t));
  finished_count_ -= count;
  Copy(finished_.data(), finished_.data() + count, finished_count_ * sizeof(int32_t));
  return count;
}

int ThreadPool::waiting() {
  Lock lock(mutex_);
  int count = 0;
  for (const Lane& lane : lanes_) count += lane.queue.waiting;
  return count;
}

void* ThreadPool::Run(void* data) {
  Lane* lane = static_cast<Lane*>(data);
  BlockSignals();
  lane->pool->Work(*lane);
  return nullptr;
}

void ThreadPool::Work(Lane& lane) {
  int looks = 0;
  // Whether it takes a task although another thread is at work: because it has just finished one, or has looked on for long.
  bool eager = &lane == &calls_lane_;
  pthread_mutex_lock(&mutex_);
  for (;;) {
    Task* task = eager || lane.queue.running == 0 ? lane.queue.Take(lane.limit) : nullptr;
    if (task) {
      // As long as there are more tasks, a thread must look on, in case the others hang.
      if (lane.threads == lane.queue.running && lane.queue.IsTakeable(lane.limit)) StartThread(lane);
      Perform(lane, task);
      lane.queue.Finish(task);
      eager = true;
      looks = 0;
    } else {
      if (!lane.queue.IsTakeable(lane.limit) && (abandoned_ || looks++ == kLooks)) break;
      eager = Rest(lane, looks);
    }
  }
  lane.threads--;
  Leave();
}

// Waits for tasks. Returns whether to take one although another thread is at work. The mutex is held before and after.
bool ThreadPool::Rest(Lane& lane, int looks) {
  bool watches = !lane.watched && lane.queue.waiting > 0;
  bool lingers = !watches && looks <= kMoments;
  if (watches) lane.watched = true;
  if (lingers) lane.lingering++;
  uint32_t seen = lane.wake;
  long woken;
  {
    Unlock unlock(mutex_);
    woken = RawCall(SYS_futex, &lane.wake, kFutexWaitPrivate, seen, watches ? &kPatience : lingers ? &kMoment : &kIdle, 0, 0);
  }
  if (watches) lane.watched = false;
  if (lingers) lane.lingering--;
  return (woken < 0 && !lingers) || &lane == &calls_lane_;
}

// The mutex is held before and after, not during the call.
void ThreadPool::Perform(Lane& lane, Task* task) {
  if (task->call) return PerformCall(task->call);
  if (IsUnread(lane, task)) return;
  int fd = task->fd;
  task->fd = -1;
  {
    Unlock unlock(mutex_);
    ::Close(fd);
  }
  Finish(task->token);
}

// Whether something has arrived in the socket's queue since the lane was chosen: then another lane closes it.
bool ThreadPool::IsUnread(const Lane& lane, const Task* task) {
  if (&lane != &lanes_[kRead]) return false;
  bool unread;
  {
    Unlock unlock(mutex_);
    Syscalls syscalls;
    unread = MayHoldDescriptors(syscalls, task->fd);
  }
  if (!unread) return false;
  Lane& other = lanes_[kUnread];
  if (!Add(other, {.source = other.queue.SourceOf(task->source->uid), .fd = task->fd, .token = task->token})) return false;
  Summon(other, 1, task->token > 0);
  return true;
}

void ThreadPool::PerformCall(OffLoopCall* call) {
  if (!call->finished && !abandoned_) {
    Unlock unlock(mutex_);
    call->Make();
  }
  int fd = call->fd;
  bool closes = call->closes;
  int close_token = call->close_token;
  // If the environment ends before anybody takes the finished call, the call comes here again: its descriptor must not be closed
  // twice.
  call->closes = false;
  if (abandoned_) {
    Unlink(call);
    Unlock unlock(mutex_);
    call->CloseArrived();
    delete call;
  } else {
    call->finished = true;
    Finish(call->token);
  }
  // The last of the descriptor's calls closes it. Before that, the number must not become another file's.
  if (!closes || CloseAfterCall(fd, close_token)) return;
  {
    Unlock unlock(mutex_);
    ::Close(fd);
  }
  Finish(close_token);
}
