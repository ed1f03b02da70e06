// Closing off the loop thread. The sender of a descriptor decides how long closing it takes: a TCP socket with SO_LINGER
// and unsent data holds close(2) for seconds, a FUSE file until its daemon answers. The same goes for closing a Unix socket
// that has such descriptors in its queue.
//
// The threads are our own and detached, not libuv's pool: a close that hangs neither takes one of the pool's four threads
// from the program nor delays the end of the process or of a worker.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

class Closer {
 public:
  // Each has a queue and threads of its own: however many descriptors strangers send, ours are closed in time.
  enum Origin {
    kOwn,
    // Unix sockets of ours whose queues may hold strangers' descriptors. They are not drained first: another process may
    // have the same socket, and what is queued is then for it to receive.
    kUnread,
    kStrangers,
    kOrigins,
  };

  static Closer* Create();
  // The environment ends: threads finish what is queued and free the closer.
  void Abandon();

  // Closes `fd`. With a token (> 0), it appears among the finished ones, and the descriptor given to Notify becomes readable.
  void Add(int fd, Origin origin, int token);
  void Notify(int event_fd);
  // Moves up to `space` finished tokens to `tokens`.
  size_t TakeFinished(int32_t* tokens, size_t space);
  size_t waiting();

 private:
  struct Item {
    int fd;
    int token;
  };

  // While something is queued, one of the threads is not closing and watches the others, unless there are too many.
  struct Lane {
    ~Lane();
    bool Push(Item item);
    bool queued() const { return first < end; }
    // Nobody closes, or it hangs.
    bool stalled() const;

    Closer* closer = nullptr;
    Item* items = nullptr;
    size_t first = 0, end = 0, capacity = 0;
    int threads = 0, closing = 0;
    // The close that began last, counted from 1, and when; 0: it has ended.
    uint64_t current = 0, begun = 0;
    int64_t since = 0;
    uint32_t wake = 0;
  };

  Closer();
  ~Closer();
  static void* Run(void* lane);
  void Work(Lane& lane);
  bool Start(Lane& lane);
  void Finish(Item item);
  void Unref();

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Lane lanes_[kOrigins];
  int32_t* finished_ = nullptr;
  size_t finished_count_ = 0, finished_capacity_ = 0;
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;
};
