// Tasks that wait for a thread, and for whom. Users take turns: one with many tasks does not hold up the others.
//
// Who calls these functions holds the workers' mutex.
#pragma once

#include "off-loop-call.h"

// No peer, or the kernel does not say whose: unconnected datagram sockets.
constexpr uint32_t kNobody = UINT32_MAX;

struct Task;

// The tasks of one uid.
struct Source {
  Source* next;
  uint32_t uid;
  Task* first;
  Task* last;
  int waiting, running;
  // Accounts that refer to it.
  int accounts;
};

// A socket that brings descriptors of strangers. While they wait to be closed they count against the socket, its peer's uid and the
// process.
struct Account {
  Source* source;
  int waiting;
  int references;

  void Ref() { __atomic_add_fetch(&references, 1, __ATOMIC_RELAXED); }
  // Whether that was the last reference.
  bool Unref() { return __atomic_sub_fetch(&references, 1, __ATOMIC_ACQ_REL) == 0; }
};

struct Task {
  Task* next = nullptr;
  Source* source = nullptr;
  // The socket that it counts against; or null.
  Account* account = nullptr;
  // The call to make; null: close(2) of `fd`.
  OffLoopCall* call = nullptr;
  // -1 once a thread has begun to close it.
  int fd = -1;
  int token = 0;
};

// The counters are written under the mutex, but each receive reads them without it.
inline void Count(int& counter, int by) { __atomic_store_n(&counter, counter + by, __ATOMIC_RELAXED); }
inline int Read(const int& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

class TaskQueue {
 public:
  ~TaskQueue();

  Source* SourceOf(uint32_t uid);
  // Forgets a source that nothing refers to any more, since uids come and go.
  void Release(Source* source);
  // What Unref() leaves of an account when it was the last reference.
  void Delete(Account* account);
  // Keeps a copy.
  void Add(const Task& task);
  // Whether there is a task for a thread. A uid that has `limit` tasks under way gets no other.
  bool IsTakeable(int limit) const;
  // The next task of the uid whose turn it is; or null.
  Task* Take(int limit);
  // Ends a task that was taken.
  void Finish(Task* task);
  // Whether a task is to close `fd` and has not begun to.
  bool IsClosing(int fd) const;

  // Tasks that are queued or under way, and those under way.
  int waiting = 0, running = 0;

 private:
  // In the order in which their turns come.
  Source* sources_ = nullptr;
  Task* taken_ = nullptr;
};
