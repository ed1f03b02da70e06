// Threads that make the calls that can wait for a stranger. So the event loop's thread never waits for one.
//
// The threads close descriptors, because the sender of a descriptor decides how long close(2) takes. Closing a TCP socket with
// SO_LINGER and unsent data can take seconds. Closing a file of a FUSE file system takes until its daemon answers. Closing a Unix
// socket also closes the descriptors in its queue.
//
// The threads also make some calls on sockets:
// - recvmsg(2) near the limit of open files. The call itself closes the descriptors that do not fit.
// - sendmsg(2) and connect(2) on a connected Unix datagram socket. The call can purge the socket's own queue.
// - connect(2) and accept4(2) on a socket that another process can make blocking.
//
// We do not use libuv's thread pool. A call that hangs there would take one of its four threads from the program, and would delay
// the end of the process or of a worker thread. Our threads are detached.
#pragma once

#include <pthread.h>

#include "growing-array.h"
#include "task-queue.h"

class ThreadPool {
 public:
  // Each group of threads has a queue of its own. So our files are closed in time, however many descriptors strangers send.
  enum GroupName {
    // Closes files that this process opened, except Unix sockets.
    kOwn,
    // Closes our Unix sockets whose queues may hold strangers' descriptors. We do not empty a queue first: another process may
    // share the socket and want to receive the messages in it.
    kUnread,
    // Closes our Unix sockets whose queues held no descriptors when Custody looked. A peer can have sent one since then, so a
    // thread looks again right before it closes the socket. If a descriptor arrives even later, the close can hang. It then delays
    // only sockets whose peers have the same uid.
    kRead,
    // Closes descriptors that strangers sent.
    kStrangers,
    // Makes the calls on sockets.
    kCalls,
    kGroups,
  };
  // Which group closes a descriptor, and for whom.
  struct Origin {
    GroupName group = kStrangers;
    // The peer's uid. Not used if there is an account, which has a uid itself.
    uint32_t uid = kNobody;
    // The account of the socket that brought the descriptor; or null.
    Account* account = nullptr;
  };

  ThreadPool();
  // Call this when the environment ends. The threads finish what is queued, and the last one deletes the object.
  void Abandon();

  // Returns a new account with one reference.
  Account* Open(uint32_t uid);
  static uint32_t UidOf(const Account* account) { return account ? account->uid_queue->uid : kNobody; }
  // Drops a reference. `account` may be null.
  void Unref(Account* account);
  // Whether a message that may bring descriptors may be received from the account's socket. False: too many descriptors of
  // strangers wait to be closed. There is a bound for the socket, one for its peer's uid and one for the process. They are shares
  // of `limit`, which is RLIMIT_NOFILE. The descriptors of the last message can exceed a bound.
  bool IsWithinBounds(const Account* account, int limit) const;

  // Lets threads close descriptors. If a thread is making a call on one of them, that thread closes it after the call. After the
  // close, TakeFinished() returns the token, unless it is 0.
  void Close(const int* fds, int count, const Origin& origin, int token);

  // Whether `fd` still waits to be closed. False once a thread calls close(2) for it: from then on, the kernel may have given the
  // number to another file.
  bool IsClosing(int fd);

  // Lets a thread make a call, whose token no other call may have. False: no thread could be started, and the call is deleted.
  bool Start(OffLoopCall* call, uint32_t uid);
  // Returns the finished call with this token, which the caller must delete; or null.
  OffLoopCall* End(int token);

  // Sets the eventfd that a thread signals when a close or a call has finished. -1: none.
  void Notify(int event_fd);
  // Moves up to `space` tokens of finished closes and calls to `tokens`. Returns how many.
  size_t TakeFinished(int32_t* tokens, size_t space);
  // How many closes and calls are queued or under way.
  int waiting();

 private:
  struct Group {
    ThreadPool* pool = nullptr;
    // How many of the threads may work for one uid at a time.
    int limit = 0;
    TaskQueue queue;
    int threads = 0;
    // Whether an idle thread watches the queue, and helps if the other threads hang.
    bool watched = false;
    // How many idle threads look for tasks every millisecond, so nobody has to wake them.
    int lingering = 0;
    // The futex on which idle threads wait. Its value changes with each wake-up.
    uint32_t wake = 0;
  };

  ~ThreadPool() = default;
  static void* Run(void* group);
  void Work(Group& group);
  bool Rest(Group& group, int looks);
  void Perform(Group& group, Task* task);
  void PerformCall(OffLoopCall* call);
  bool PassOnUnread(const Group& group, const Task* task);
  bool StartThread(Group& group);
  bool Add(Group& group, const Task& task);
  void Summon(Group& group, int added, bool awaited);
  void Finish(int token);
  void Leave();
  bool CloseAfterCall(int fd, int token);
  void Unlink(OffLoopCall* call);

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Group groups_[kGroups];
  Group& call_makers_ = groups_[kCalls];
  // The calls that are queued or under way, and those that have finished but that End() has not returned yet.
  OffLoopCall* calls_ = nullptr;
  // The tokens of finished closes and calls, until TakeFinished() returns them.
  GrowingArray<int32_t> finished_;
  size_t finished_count_ = 0;
  // The environment has one reference, and each thread has one.
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;  // see Notify()
};
