// Readiness: finds out which descriptors are ready, and tells JavaScript. There are two ways.
//
// Each environment has one edge-triggered epoll instance, in which any descriptor can be registered. In Node, the event loop
// watches that instance with one uv_poll_t. Bun and Deno export libuv's symbols too, but calling them kills the process. There, a
// thread of ours waits for the epoll instance, and wakes the event loop with a thread-safe function.
//
// In Node, libuv can also watch single descriptors: see polls.h.
#pragma once

#include <node_api.h>
#include <pthread.h>

#include "event-batch.h"
#include "polls.h"

struct uv_check_s;

class ThreadPool;

class Readiness {
 public:
  // `events`: the array of EventBatch. Returns 0 or a negative errno. The object frees itself when the environment ends. With
  // libuv, an asynchronous clean-up hook frees it, because a uv handle must outlive the environment's data.
  static int Start(napi_env env, napi_value callback, int32_t* events, bool thread, ThreadPool* pool, Readiness** out);

  int Add(int fd, int slot, int generation);
  int Remove(int fd);
  // Watches level-triggered for EPOLLIN, EPOLLOUT or both. With 0, the watch pauses. -ENOSYS: there is no libuv.
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
  int finished_ = -1;  // eventfd: the pool has finished a call or a close, or a poll has failed
  // With libuv
  uv_poll_s* poll_ = nullptr;
  uv_check_s* check_ = nullptr;
  Polls polls_{events_};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int closing_ = 0;  // how many handles libuv still has to close
  // With a thread
  napi_threadsafe_function wake_ = nullptr;  // our thread calls it when there are events; the event loop then runs OnWake()
  pthread_t thread_ = {};
  bool threaded_ = false;
  bool stop_ = false;
  int resume_ = -1;  // eventfd: OnWake() has collected the events, or the environment ends
};
