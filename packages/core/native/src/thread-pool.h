// Threads that make every call that may wait for a stranger, so that the loop's thread never does.
//
// They close descriptors, because the sender of a descriptor decides how long close(2) takes. Closing a TCP socket with SO_LINGER
// and unsent data can take seconds. Closing a file of a FUSE file system takes until its daemon answers. Closing a Unix socket also
// closes the descriptors in its queue.
//
// They make three kinds of calls: receives near the limit of open files, because recvmsg(2) itself closes the descriptors that do
// not fit; sends that may purge the sender's own queue; accept(2) on a listener that another process can make blocking.
//
// We do not use libuv's pool. A call that hangs there would take one of its four threads from the program, and would delay the end
// of the process or of a worker thread. Our threads are detached.
#pragma once

#include <pthread.h>

#include "growing-array.h"
#include "task-queue.h"

class ThreadPool {
 public:
  // Each lane has its own queue and threads. So our files are closed in time, however many descriptors strangers send.
  enum LaneName {
    // Closes files that this process opened, except Unix sockets.
    kOwn,
    // Closes our Unix sockets whose queues may hold strangers' descriptors. We do not empty a queue before: another process may
    // share the socket and want to receive the messages in it.
    kUnread,
    // Closes our Unix sockets whose queues held no descriptors when we looked. A peer can have sent one since then, so a thread
    // looks again right before it closes the socket. A descriptor that arrives even later delays only sockets of the same peer's
    // uid.
    kRead,
    // Closes descriptors that strangers sent.
    kStrangers,
    // Makes calls.
    kCalls,
    kLanes,
  };
  // Where a descriptor comes from that is to be closed.
  struct Origin {
    LaneName lane = kStrangers;
    uint32_t uid = kNobody;
    // The account of the socket that brought it, which counts in place of `uid`; or null.
    Account* account = nullptr;
  };

  ThreadPool();
  // The environment ends: the threads finish what is queued, and the last one frees the object.
  void Abandon();

  // A new account with one reference.
  Account* Open(uint32_t uid);
  static uint32_t UidOf(const Account* account) { return account ? account->source->uid : kNobody; }
  // Drops a reference. `account` may be null.
  void Unref(Account* account);
  // Whether a message that may bring descriptors may be received from the account's socket. False: too many descriptors of
  // strangers wait to be closed. There is a bound for the socket, one for its peer's uid and one for the process. They are shares
  // of `limit`, which is RLIMIT_NOFILE. The descriptors of one message can exceed them.
  bool HasRoom(const Account* account, int limit) const;

  // Lets threads close descriptors. If a call is under way on one of them, the thread closes it after the call. TakeFinished()
  // reports a token > 0 when the descriptor is closed.
  void Close(const int* fds, int count, const Origin& origin, int token);

  // Whether `fd` still waits to be closed. False once a thread calls close(2) for it: the kernel may have given the number to
  // another file already.
  bool IsClosing(int fd);

  // Lets a thread make a call, which must have a token of its own. False: no thread could be started. The call is deleted then.
  bool Start(OffLoopCall* call, uint32_t uid);
  // The finished call with this token, which the caller must delete; or null.
  OffLoopCall* End(int token);

  // The eventfd to signal when a token has finished; -1: none.
  void Notify(int event_fd);
  // Moves up to `space` finished tokens to `tokens`.
  size_t TakeFinished(int32_t* tokens, size_t space);
  // How many closes and calls are queued or under way.
  int waiting();

 private:
  struct Lane {
    ThreadPool* pool = nullptr;
    // At most this many of its threads work for one uid at a time.
    int limit = 0;
    TaskQueue queue;
    int threads = 0;
    // Whether a thread waits to take over if the others hang.
    bool watched = false;
    // How many threads look for tasks every millisecond, without being woken.
    int lingering = 0;
    // The futex that idle threads wait on.
    uint32_t wake = 0;
  };

  ~ThreadPool() = default;
  static void* Run(void* lane);
  void Work(Lane& lane);
  bool Rest(Lane& lane, int looks);
  void Perform(Lane& lane, Task* task);
  void PerformCall(OffLoopCall* call);
  bool IsUnread(const Lane& lane, const Task* task);
  bool StartThread(Lane& lane);
  bool Add(Lane& lane, const Task& task);
  void Summon(Lane& lane, int added, bool awaited);
  void Finish(int token);
  void Leave();
  bool CloseAfterCall(int fd, int token);
  void Unlink(OffLoopCall* call);

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Lane lanes_[kLanes];
  Lane& calls_lane_ = lanes_[kCalls];
  // Calls that are queued, under way, or finished and not yet taken with End().
  OffLoopCall* calls_ = nullptr;
  GrowingArray<int32_t> finished_;
  size_t finished_count_ = 0;
  // One for the environment, and one for each thread.
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;
};
