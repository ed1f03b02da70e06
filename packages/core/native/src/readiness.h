// Readiness: asks the kernel which descriptors are ready, and tells JavaScript.
//
// Each environment has one epoll instance. It watches any descriptor, edge-triggered. In Node, libuv watches the epoll instance
// with one uv_poll_t. Bun and Deno export libuv's functions, too, but a call of uv_poll_init() kills the process. So there, a
// thread of ours waits for the epoll instance, and wakes the event loop with a thread-safe function.
//
// In Node, libuv can also watch single descriptors, level-triggered: see polls.h.
#pragma once

#include <node_api.h>
#include <pthread.h>

#include "event-batch.h"
#include "polls.h"

struct uv_check_s;

class ThreadPool;

class Readiness {
 public:
  // `events`: the array of EventBatch. `thread`: a thread of ours waits, not libuv. Returns 0 or a negative errno. When the
  // environment ends, the object deletes itself. With libuv, this happens only after libuv has closed our handles, so an
  // asynchronous clean-up hook does it.
  static int Start(napi_env env, napi_value callback, int32_t* events, bool thread, ThreadPool* pool, Readiness** out);

  // Registers a descriptor with the epoll instance.
  int Add(int fd, int slot, int generation);
  int Remove(int fd);
  // Makes libuv watch a descriptor for EPOLLIN, EPOLLOUT or both. With 0, the watch pauses. -ENOSYS: libuv does not run here.
  int Poll(int fd, int slot, int generation, uint32_t events);
  void Unpoll(int fd, int slot, int generation) { polls_.Close(fd, slot, generation); }
  void KeepAlive(bool on);

 private:
  Readiness(napi_env env, napi_value callback, int32_t* events, ThreadPool* pool)
      : env_(env), events_(env, callback, events), pool_(pool) {}
  ~Readiness();
  int Open();
  int StartPoll();
  int StartThread();
  void Collect();
  void Deliver();

  static void OnReadable(uv_poll_s* handle, int status, int events);
  static void OnCheck(uv_check_s* handle);
  static void OnClosed(uv_handle_s* handle);
  static void* Wait(void* self);
  static void OnWake(napi_env env, napi_value callback, void* context, void* data);
  static void OnPollEnd(napi_async_cleanup_hook_handle hook, void* self);
  static void OnThreadEnd(void* self);
  static void Released(void* self);

  napi_env env_;
  EventBatch events_;
  ThreadPool* pool_;
  bool keeps_alive_ = false;
  int epoll_ = -1;
  // An eventfd. The thread pool signals it when a call or a close has finished, and polls_ when a watch has failed.
  int finished_ = -1;

  // Used with libuv:
  uv_poll_s* poll_ = nullptr;
  uv_check_s* check_ = nullptr;
  Polls polls_{events_};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  // How many of these libuv has not closed yet: poll_, check_, and the handles of polls_, which count as one.
  int closing_ = 0;

  // Used with a thread:
  napi_threadsafe_function wake_ = nullptr;  // Our thread calls this when there are events. Then the event loop calls OnWake().
  pthread_t thread_ = {};
  bool threaded_ = false;
  bool stop_ = false;  // The thread is to end.
  int resume_ = -1;    // An eventfd. It is signalled when OnWake() has collected the events, and when the thread is to end.
};
