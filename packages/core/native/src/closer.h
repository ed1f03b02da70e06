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
  static Closer* Create();
  // The environment ends: threads finish what is queued and free the closer.
  void Abandon();

  // Closes `fd`. With a token (> 0), it appears among the finished ones, and the descriptor given to Notify becomes readable.
  void Add(int fd, int token);
  void Notify(int event_fd);
  // Moves up to `space` finished tokens to `tokens`.
  size_t TakeFinished(int32_t* tokens, size_t space);
  size_t waiting();

 private:
  struct Item {
    int fd;
    int token;
  };

  Closer() = default;
  ~Closer();
  static void* Run(void* self);
  void Work();
  bool Start();
  bool Enqueue(Item item);
  void Finish(Item item);
  void Unref();

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Item* queue_ = nullptr;
  size_t first_ = 0, end_ = 0, capacity_ = 0;
  int32_t* finished_ = nullptr;
  size_t finished_count_ = 0, finished_capacity_ = 0;
  size_t busy_ = 0;
  int threads_ = 0, idle_ = 0;
  int references_ = 1;
  bool abandoned_ = false;
  int event_fd_ = -1;
  int64_t last_progress_ = 0;
  uint32_t wake_ = 0;
};
