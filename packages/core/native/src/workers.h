// Work off the loop's thread: whatever may wait for a stranger.
//
// Closing: the sender of a descriptor decides how long close(2) takes. A TCP socket with SO_LINGER and unsent data can take
// seconds, and a file of a FUSE file system takes until its daemon answers. Closing a Unix socket closes the descriptors in its
// queue.
//
// Calls: a receive near the limit of open files, because recvmsg(2) itself closes the descriptors that do not fit; a send that may
// purge the sender's own queue; accept(2) on a listener that another process can make blocking.
//
// The threads are our own and detached. In libuv's pool, a call that hangs would take one of the pool's four threads from the
// program, and would delay the end of the process or of a worker.
#pragma once

#include <pthread.h>

#include "table.h"
#include "task-queue.h"

class Workers {
 public:
  // Each has a queue and threads of its own: however many descriptors strangers send, ours are closed in time.
  enum LaneName {
    kOwn,
    // Unix sockets of ours whose queues may hold strangers' descriptors. We do not empty the queues first: another process may
    // share the socket and want to receive what is queued.
    kUnread,
    // Unix sockets of ours whose queues held no descriptors when we looked. A peer can send one since: so a thread looks again
    // right before it closes the socket. If one comes even later, it delays sockets of the peer's uid, and none of our other files.
    kRead,
    kStrangers,
    kCalls,
    kLanes,
  };
  // While so many descriptors of strangers wait to be closed, no more are received from a socket that brought some of them. The
  // bounds are shares of RLIMIT_NOFILE. The descriptors of one message can come on top.
  struct Bounds {
    int socket, uid, process;
  };
  // Where a descriptor to close comes from.
  struct Origin {
    LaneName lane = kStrangers;
    uint32_t uid = kNobody;
    // The socket that brought it, which knows its uid; or null.
    Account* account = nullptr;
  };

  Workers();
  // The environment ends: the threads finish what is queued, and the last one frees the object.
  void Abandon();

  // A new account with one reference.
  Account* Open(uint32_t uid);
  static uint32_t UidOf(const Account* account) { return account ? account->source->uid : kNobody; }
  // One reference less; null is ignored.
  void Unref(Account* account);
  static Bounds BoundsOf(int limit);
  // Whether another message may be received.
  bool HasRoom(const Account* account, int limit) const;

  // Closes descriptors. If a call is under way on one of them, it is closed after the call. A token (> 0) appears among the
  // finished ones.
  void Close(const int* fds, int count, const Origin& origin, int token);

  // Whether `fd` is to be closed: its number is not free yet, and nobody owns its file any more. A number that a thread gives to
  // close(2) right now does not count: the kernel may have given it to another file already.
  bool IsClosing(int fd);

  // Makes a call, which must have a token of its own. False: there is no thread or memory for it. The call is deleted then.
  bool Start(OffLoopCall* call, uint32_t uid);
  // The call that has finished under this token, for the caller to delete; or null.
  OffLoopCall* End(int token);

  // The eventfd to signal when a token has finished; -1: none.
  void Notify(int event_fd);
  // Moves up to `space` finished tokens to `tokens`.
  size_t TakeFinished(int32_t* tokens, size_t space);
  // How many closes and calls are queued or under way.
  int waiting();

 private:
  struct Lane {
    Workers* workers = nullptr;
    // At most so many of its threads work for one uid.
    int limit = 0;
    TaskQueue queue;
    int threads = 0;
    // Whether a thread is there that takes over if the others hang.
    bool watched = false;
    // Threads that look again within a millisecond.
    int lingering = 0;
    // A futex.
    uint32_t wake = 0;
  };

  ~Workers() = default;
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
  // Under way, or finished and not yet ended.
  OffLoopCall* calls_ = nullptr;
  Table<int32_t> finished_;
  size_t finished_count_ = 0;
  // Its environment and its threads.
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;
};
