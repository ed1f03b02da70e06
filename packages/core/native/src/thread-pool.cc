#include "thread-pool.h"

#include <limits.h>

#include "event-fd.h"
#include "lock.h"

namespace {

// How many threads a group may have. Each thread's stack takes address space, of which 32 bits have little.
constexpr int kMaxThreads = sizeof(void*) == 8 ? 64 : 16;
// One thread is enough unless a close hangs. A second thread waits this long before it helps.
constexpr kernel::TimeSpec kPatience = {0, 5 * 1000000};
// A thread that has just closed something lingers: it looks for tasks kMoments times, after kMoment each. Meanwhile nobody wakes
// it. To wake it would cost the event loop's thread more than everything else about a close.
constexpr kernel::TimeSpec kMoment = {0, 1000000};
constexpr int kMoments = 20;
// After that, an idle thread waits this long each time, unless it is woken.
constexpr kernel::TimeSpec kIdle = {0, 20 * 1000000};
// An idle thread ends when it has looked this often. It does not end sooner, because closes come in bursts, and because it takes
// some 20 µs to make a thread.
constexpr int kLooks = kMoments + 50;

// The bounds do not grow with RLIMIT_NOFILE beyond these numbers: nobody gains anything if more descriptors wait to be closed.
constexpr int kMaxOfSocket = 1024;
constexpr int kMaxOfUid = 4096;
constexpr int kMaxOfProcess = 8192;

constexpr int kFutexWaitPrivate = 128;  // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
constexpr int kFutexWakePrivate = 129;  // FUTEX_WAKE | FUTEX_PRIVATE_FLAG

void Wake(uint32_t& futex, int threads) {
  futex++;
  RawCall(SYS_futex, &futex, kFutexWakePrivate, threads, 0, 0, 0);
}

}  // namespace

ThreadPool::ThreadPool() {
  for (Group& group : groups_) {
    group.pool = this;
    // At most half of the threads work for one uid. So one user cannot hold up the others. The tasks in kOwn are all kNobody's.
    group.limit = &group == &groups_[kOwn] ? kMaxThreads : kMaxThreads / 2;
  }
}

// Drops a reference, and unlocks the mutex, which the caller has locked.
void ThreadPool::Leave() {
  bool last = --references_ == 0;
  pthread_mutex_unlock(&mutex_);
  if (last) delete this;
}

void ThreadPool::Abandon() {
  pthread_mutex_lock(&mutex_);
  abandoned_ = true;
  event_fd_ = -1;
  // A finished call may have brought descriptors, which nobody will take now. Closing them can take long, so a thread does it.
  for (OffLoopCall* call = calls_; call;) {
    OffLoopCall* finished = call;
    call = call->next;
    if (!finished->finished) continue;
    Unlink(finished);
    if (Add(call_makers_, {.uid_queue = call_makers_.queue.QueueOf(kNobody), .call = finished})) {
      Summon(call_makers_, 1, true);
    } else {
      finished->CloseArrived();
      delete finished;
    }
  }
  for (Group& group : groups_) Wake(group.wake, INT_MAX);
  Leave();
}

Account* ThreadPool::Open(uint32_t uid) {
  Lock lock(mutex_);
  UidQueue* uid_queue = groups_[kStrangers].queue.QueueOf(uid);
  uid_queue->accounts++;
  return new Account{uid_queue, 0, 1};
}

void ThreadPool::Unref(Account* account) {
  if (!account || !account->Unref()) return;
  Lock lock(mutex_);
  groups_[kStrangers].queue.Delete(account);
}

bool ThreadPool::IsWithinBounds(const Account* account, int limit) const {
  int waiting_of_uid = Read(account->uid_queue->waiting);
  int of_uid = Least(limit / 8, kMaxOfUid);
  int of_process = Least(limit / 4, kMaxOfProcess);
  // A uid that uses less than half of its own bound may exceed the bound of the process, up to three times that bound. Otherwise a
  // few other uids could keep it out. There must still be a bound, because there can be very many such uids.
  if (2 * waiting_of_uid < of_uid) of_process *= 3;
  return Read(account->waiting) < Least(limit / 16, kMaxOfSocket) && waiting_of_uid < of_uid &&
         Read(groups_[kStrangers].queue.waiting) < of_process;
}

bool ThreadPool::StartThread(Group& group) {
  pthread_t thread;
  if (group.threads == kMaxThreads || pthread_create(&thread, nullptr, Run, &group) != 0) return false;
  pthread_detach(thread);
  group.threads++;
  references_++;
  return true;
}

// Makes sure that a thread takes the last `added` tasks of the queue. `awaited`: the program waits until they are done.
void ThreadPool::Summon(Group& group, int added, bool awaited) {
  bool are_calls = &group == &call_makers_;
  const TaskQueue& queue = group.queue;
  // A thread that is at work will take these tasks, too. If no thread is at work, the first task wakes one. If a thread lingers, it
  // looks at the queue soon without being woken. Either thread takes all tasks that are in the queue when it looks.
  bool first = queue.waiting == added && group.lingering == 0;
  bool hurry = are_calls || (queue.running == 0 && (awaited || first));
  if (group.threads == queue.running || (are_calls && group.threads < queue.waiting)) {
    StartThread(group);
  } else if (hurry) {
    Wake(group.wake, 1);
  }
}

// Queues a task. False: the group has no thread, and none could be started.
bool ThreadPool::Add(Group& group, const Task& task) {
  if (group.threads == 0 && !StartThread(group)) {
    group.queue.Release(task.uid_queue);
    return false;
  }
  group.queue.Add(task);
  return true;
}

// If a call is queued or under way on `fd`, leaves it to that call's thread to close `fd`. False: there is no such call.
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
  Group& group = groups_[origin.group];
  int done = 0;
  {
    Lock lock(mutex_);
    int added = 0;
    for (; done < count; done++) {
      if (CloseAfterCall(fds[done], token)) continue;
      UidQueue* uid_queue = origin.account ? origin.account->uid_queue : group.queue.QueueOf(origin.uid);
      if (!Add(group, {.uid_queue = uid_queue, .account = origin.account, .fd = fds[done], .token = token})) break;
      added++;
    }
    if (added > 0) Summon(group, added, token > 0);
  }
  if (done == count) return;
  // There is no thread. So we must close the descriptors here, which may take long. Otherwise they would be lost.
  while (done < count) ::Close(fds[done++]);
  Lock lock(mutex_);
  Finish(token);
}

bool ThreadPool::IsClosing(int fd) {
  Lock lock(mutex_);
  for (const Group& group : groups_) {
    if (group.queue.IsClosing(fd)) return true;
  }
  for (const OffLoopCall* call = calls_; call; call = call->next) {
    if (call->fd == fd && call->closes) return true;
  }
  return false;
}

bool ThreadPool::Start(OffLoopCall* call, uint32_t uid) {
  Lock lock(mutex_);
  if (!Add(call_makers_, {.uid_queue = call_makers_.queue.QueueOf(uid), .call = call})) {
    delete call;
    return false;
  }
  call->next = calls_;
  calls_ = call;
  Summon(call_makers_, 1, true);
  return true;
}

// Removes the call from `calls_`, if it is there.
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

// Reports that a close or a call has finished. A token of 0 means that nobody wants to know.
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
  size_t count = Least(finished_count_, space);
  Copy(tokens, finished_.data(), count * sizeof(int32_t));
  finished_count_ -= count;
  Copy(finished_.data(), finished_.data() + count, finished_count_ * sizeof(int32_t));
  return count;
}

int ThreadPool::waiting() {
  Lock lock(mutex_);
  int count = 0;
  for (const Group& group : groups_) count += group.queue.waiting;
  return count;
}

void* ThreadPool::Run(void* data) {
  Group* group = static_cast<Group*>(data);
  BlockSignals();
  group->pool->Work(*group);
  return nullptr;
}

void ThreadPool::Work(Group& group) {
  int looks = 0;
  // Whether this thread takes a task although another thread of the group is at work. It does if it has just finished a task, or
  // if it has waited for a while, because the other threads may hang.
  bool eager = &group == &call_makers_;
  pthread_mutex_lock(&mutex_);
  for (;;) {
    Task* task = eager || group.queue.running == 0 ? group.queue.Take(group.limit) : nullptr;
    if (task) {
      // While more tasks are queued, one thread must stay idle and watch, in case all others hang.
      if (group.threads == group.queue.running && group.queue.IsTakeable(group.limit)) StartThread(group);
      Perform(group, task);
      group.queue.Finish(task);
      eager = true;
      looks = 0;
    } else {
      if (!group.queue.IsTakeable(group.limit) && (abandoned_ || looks++ == kLooks)) break;
      eager = Rest(group, looks);
    }
  }
  group.threads--;
  Leave();
}

// Waits until there may be a task, with the mutex unlocked. Returns whether to take one although another thread is at work.
bool ThreadPool::Rest(Group& group, int looks) {
  bool watches = !group.watched && group.queue.waiting > 0;
  bool lingers = !watches && looks <= kMoments;
  if (watches) group.watched = true;
  if (lingers) group.lingering++;
  uint32_t seen = group.wake;
  long woken;
  {
    Unlock unlock(mutex_);
    woken = RawCall(SYS_futex, &group.wake, kFutexWaitPrivate, seen, watches ? &kPatience : lingers ? &kMoment : &kIdle, 0, 0);
  }
  if (watches) group.watched = false;
  if (lingers) group.lingering--;
  return (woken < 0 && !lingers) || &group == &call_makers_;
}

// Does a task. The caller has locked the mutex. It is unlocked during the system call.
void ThreadPool::Perform(Group& group, Task* task) {
  if (task->call) return PerformCall(task->call);
  if (PassOnUnread(group, task)) return;
  int fd = task->fd;
  task->fd = -1;
  {
    Unlock unlock(mutex_);
    ::Close(fd);
  }
  Finish(task->token);
}

// If descriptors may have arrived in the socket's queue since Custody chose kRead, passes the task on to kUnread. Returns whether
// it has done so.
bool ThreadPool::PassOnUnread(const Group& group, const Task* task) {
  if (&group != &groups_[kRead]) return false;
  bool unread;
  {
    Unlock unlock(mutex_);
    Syscalls syscalls;
    unread = MayHoldDescriptors(syscalls, task->fd);
  }
  if (!unread) return false;
  Group& other = groups_[kUnread];
  if (!Add(other, {.uid_queue = other.queue.QueueOf(task->uid_queue->uid), .fd = task->fd, .token = task->token})) return false;
  Summon(other, 1, task->token > 0);
  return true;
}

// Makes a call. In an environment that has ended, closes what the call has brought.
void ThreadPool::PerformCall(OffLoopCall* call) {
  if (!call->finished && !abandoned_) {
    Unlock unlock(mutex_);
    call->Make();
  }
  int fd = call->fd;
  bool closes = call->closes;
  int close_token = call->close_token;
  // If the environment ends before anybody takes the finished call, Abandon() queues the call again. Then `fd` must not be closed a
  // second time.
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
  // If another call on `fd` is queued or under way, leave the close to that one. Otherwise the kernel could give the number to
  // another file, and the other call would be made on that file.
  if (!closes || CloseAfterCall(fd, close_token)) return;
  {
    Unlock unlock(mutex_);
    ::Close(fd);
  }
  Finish(close_token);
}
