// Tasks that wait for a thread. Each peer's uid has a queue of its own, and the uids take turns. So a uid with many tasks does not
// delay the others.
//
// Lock the thread pool's mutex before you call these functions.
#pragma once

#include "off-loop-call.h"

// The uid if there is no peer, or if the kernel does not know its uid, as with unconnected datagram sockets.
constexpr uint32_t kNobody = UINT32_MAX;

struct Task;

// The tasks of one uid, in the order in which they came.
struct UidQueue {
  UidQueue* next;
  uint32_t uid;
  Task* first;
  Task* last;
  // `waiting` counts the tasks that are queued or under way, `running` only those under way.
  int waiting, running;
  // How many accounts refer to this queue.
  int accounts;
};

// Counts the descriptors that came through one socket and wait to be closed. They also count against the bounds of the peer's uid
// and of the process: see ThreadPool::IsWithinBounds().
struct Account {
  UidQueue* uid_queue;
  int waiting;
  int references;

  void Ref() { __atomic_add_fetch(&references, 1, __ATOMIC_RELAXED); }
  // Returns true for the last reference.
  bool Unref() { return __atomic_sub_fetch(&references, 1, __ATOMIC_ACQ_REL) == 0; }
};

struct Task {
  Task* next = nullptr;
  UidQueue* uid_queue = nullptr;
  // The account that counts this task; or null.
  Account* account = nullptr;
  // The call to make. Null: close `fd`.
  OffLoopCall* call = nullptr;
  // The descriptor to close. -1 once a thread has begun to close it.
  int fd = -1;
  // See ThreadPool::Close().
  int token = 0;
};

// A thread locks the mutex before it writes the counters. Each receive reads them without the mutex.
inline void Count(int& counter, int by) { __atomic_store_n(&counter, counter + by, __ATOMIC_RELAXED); }
inline int Read(const int& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

class TaskQueue {
 public:
  ~TaskQueue();

  // Returns the uid's queue. Makes one if there is none.
  UidQueue* QueueOf(uint32_t uid);
  // Deletes the uid's queue if it has no tasks and no accounts. Otherwise the memory would grow with each new uid.
  void Release(UidQueue* uid_queue);
  // Deletes an account after its last Unref().
  void Delete(Account* account);
  // Queues a copy of the task.
  void Add(const Task& task);
  // Whether a thread can take a task. If `limit` tasks of a uid are under way, its other tasks wait.
  bool IsTakeable(int limit) const;
  // Takes the next task of the uid whose turn it is. Returns null if there is none.
  Task* Take(int limit);
  // Deletes a task that was taken and is done.
  void Finish(Task* task);
  // Whether a task is to close `fd` and has not begun to.
  bool IsClosing(int fd) const;

  // The sums of all uids' numbers.
  int waiting = 0, running = 0;

 private:
  // The uid whose turn is next comes first.
  UidQueue* uid_queues_ = nullptr;
  // The tasks that are under way.
  Task* taken_ = nullptr;
};
