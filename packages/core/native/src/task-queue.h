// Tasks that wait for a thread. The uids of the peers take turns, so a peer with many tasks does not delay the others.
//
// The caller of these functions holds the thread pool's mutex.
#pragma once

#include "off-loop-call.h"

// There is no peer, or the kernel does not know its uid, as with unconnected datagram sockets.
constexpr uint32_t kNobody = UINT32_MAX;

struct Task;

// The tasks of one uid.
struct Source {
  Source* next;
  uint32_t uid;
  Task* first;
  Task* last;
  int waiting, running;
  // How many accounts refer to it.
  int accounts;
};

// Belongs to a socket through which strangers' descriptors come. While such a descriptor waits to be closed, it counts against
// three bounds: the socket's, its peer's uid's and the process's.
struct Account {
  Source* source;
  int waiting;
  int references;

  void Ref() { __atomic_add_fetch(&references, 1, __ATOMIC_RELAXED); }
  // True: that was the last reference.
  bool Unref() { return __atomic_sub_fetch(&references, 1, __ATOMIC_ACQ_REL) == 0; }
};

struct Task {
  Task* next = nullptr;
  Source* source = nullptr;
  // The account that it counts against; or null.
  Account* account = nullptr;
  // The call to make; null: close(2) of `fd`.
  OffLoopCall* call = nullptr;
  // The descriptor to close. -1 once a thread has begun to close it.
  int fd = -1;
  int token = 0;
};

// A thread that writes the counters holds the mutex. Each receive reads them without it.
inline void Count(int& counter, int by) { __atomic_store_n(&counter, counter + by, __ATOMIC_RELAXED); }
inline int Read(const int& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

class TaskQueue {
 public:
  ~TaskQueue();

  Source* SourceOf(uint32_t uid);
  // Forgets a source that nothing refers to any more, since uids come and go.
  void Release(Source* source);
  // Deletes an account after its last Unref().
  void Delete(Account* account);
  // Queues a copy of the task.
  void Add(const Task& task);
  // Whether a thread can take a task. If `limit` tasks of a uid are under way, its others wait.
  bool IsTakeable(int limit) const;
  // The next task of the uid whose turn it is; or null.
  Task* Take(int limit);
  // Ends a task that was taken.
  void Finish(Task* task);
  // Whether a task is to close `fd` and has not begun to.
  bool IsClosing(int fd) const;

  // `waiting` counts tasks that are queued or under way, `running` only those under way.
  int waiting = 0, running = 0;

 private:
  // In the order in which their turns come.
  Source* sources_ = nullptr;
  Task* taken_ = nullptr;
};
