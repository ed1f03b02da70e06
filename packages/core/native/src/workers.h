// Work off the loop thread: whatever may wait for a stranger.
//
// Closing: the sender of a descriptor decides how long close(2) takes. A TCP socket with SO_LINGER and unsent data holds it for
// seconds, a FUSE file until its daemon answers. Closing a Unix socket closes the descriptors in its queue.
//
// Calls: a receive near the limit of open files, where the kernel closes what does not fit inside recvmsg(2); a send that
// may purge the sender's own queue; accept(2) on a listener that another process can make blocking.
//
// The threads are our own and detached, not libuv's pool: a call that hangs neither takes one of the pool's four threads
// from the program nor delays the end of the process or of a worker.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "off-loop-call.h"

class Workers {
 public:
  // Each has a queue and threads of its own: however many descriptors strangers send, ours are closed in time.
  enum LaneName {
    kOwn,
    // Unix sockets of ours whose queues may hold strangers' descriptors. They are not drained first: another process may
    // have the same socket, and what is queued is then for it to receive.
    kUnread,
    // Those whose queues held none when we looked. A peer can be quick: each is looked at again right before it is closed,
    // and what still goes wrong holds up the sockets of its user, not our other files.
    kRead,
    kStrangers,
    kCalls,
    kLanes,
  };
  // No peer, or the kernel does not say whose: unconnected datagram sockets.
  static constexpr uint32_t kNobody = UINT32_MAX;

  struct Source;
  // A socket as the origin of descriptors. What it has brought and is not closed yet counts against it, against its peer's uid
  // and against the process.
  struct Account {
    Source* source;
    int waiting;
    int references;
  };
  // While so many of strangers' descriptors wait to be closed, a socket that has a part in it is not received from: shares of
  // RLIMIT_NOFILE. One message's descriptors can come on top.
  struct Bounds {
    int socket, uid, process;
  };

  static Workers* Create();
  // The environment ends: threads finish what is queued and free the object.
  void Abandon();

  Account* Open(uint32_t uid);
  static uint32_t UidOf(const Account* account);
  // One reference less; null is ignored.
  void Unref(Account* account);
  static Bounds BoundsOf(int limit);
  // Whether another message may be received.
  bool HasRoom(const Account* account, int limit) const;

  // Closes `fd`, after a call that is under way on it. With a token (> 0), it appears among the finished ones.
  void Close(int fd, LaneName lane, uint32_t uid, int token);
  // Closes what one message has brought and nobody wanted.
  void CloseAll(const int* fds, int count, Account* account);
  void Close(int fd, Account* account, int token);

  // Whether `fd` is to be closed: its number is not free yet, and its file is nobody's any more. A number that a thread gives to
  // close(2) right now does not count: the kernel may have given it to another file already.
  bool IsClosing(int fd);

  // Makes a call, which must have a token of its own. False: there is no thread or memory for it. It is deleted then.
  bool Start(OffLoopCall* call, uint32_t uid);
  // The call that has finished under this token, for the caller to delete; or null.
  OffLoopCall* End(int token);

  // The descriptor that becomes readable when a token has finished; -1: none.
  void Notify(int event_fd);
  // Moves up to `space` finished tokens to `tokens`.
  size_t TakeFinished(int32_t* tokens, size_t space);
  // Closes and calls that are queued or under way.
  size_t waiting();

 private:
  struct Task;
  struct Lane {
    Workers* workers = nullptr;
    // By uid, in the order in which their turns come.
    Source* sources = nullptr;
    int waiting = 0, running = 0;
    int threads = 0;
    bool watched = false;
    // Threads that look again within a millisecond.
    int lingering = 0;
    uint32_t wake = 0;
    // The tasks that threads have taken.
    Task* taken = nullptr;
  };

  Workers();
  ~Workers();
  static void* Run(void* lane);
  void Work(Lane& lane);
  void Perform(Lane& lane, Task* task);
  bool IsUnread(const Lane& lane, const Task* task);
  bool StartThread(Lane& lane);
  Source* SourceOf(Lane& lane, uint32_t uid);
  void Release(Lane& lane, Source* source);
  bool IsTakeable(const Lane& lane) const;
  Task* Take(Lane& lane);
  bool Add(Lane& lane, Source* source, Task* task);
  void Summon(Lane& lane, int added, bool awaited);
  void Finish(int token);
  void Leave();
  bool CloseAfterCall(int fd, int token);

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Lane lanes_[kLanes];
  // Under way, or finished and not yet ended.
  OffLoopCall* calls_ = nullptr;
  int32_t* finished_ = nullptr;
  size_t finished_count_ = 0, finished_capacity_ = 0;
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;
};
