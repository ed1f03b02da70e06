// Readiness: finds out which descriptors are ready, and tells JavaScript. There are two ways.
//
// Any descriptor can be registered in an edge-triggered epoll instance, of which each environment has one. In Node, the event loop
// watches that instance with one uv_poll_t. Bun and Deno export libuv's symbols too, but calling them kills the process: there a
// thread waits, and wakes the event loop with a thread-safe function.
//
// In Node, libuv can also watch single descriptors: see polls.h.
#pragma once

#include <node_api.h>
#include <pthread.h>

#include "event-batch.h"
#include "polls.h"

struct uv_check_s;

class Workers;

class Readiness {
 public:
  // `events`: see EventBatch. A negative errno on failure. The object frees itself when the environment ends. With libuv an
  // asynchronous clean-up hook does that, because a uv handle must outlive the environment's data.
  static int Start(napi_env env, napi_value callback, int32_t* events, bool thread, Workers* workers, Readiness** out);

  int Add(int fd, int slot, int generation);
  int Remove(int fd);
  // Level-triggered, for EPOLLIN, EPOLLOUT or both; 0 ends the watch for now. -ENOSYS: there is no libuv.
  int Poll(int fd, int slot, int generation, uint32_t events);
  void Unpoll(int fd, int slot, int generation) { polls_.Close(fd, slot, generation); }
  void KeepAlive(bool on);

 private:
  Readiness(napi_env env, napi_value callback, int32_t* events, Workers* workers)
      : env_(env), events_(env, callback, events), workers_(workers) {}
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
  static void OnKnock(napi_env env, napi_value callback, void* context, void* data);
  static void OnPollEnd(napi_async_cleanup_hook_handle hook, void* self);
  static void OnThreadEnd(void* self);
  static void Released(void* self);

  napi_env env_;
  EventBatch events_;
  Workers* workers_;
  bool keeps_alive_ = false;
  int epoll_ = -1;
  int finished_ = -1;  // eventfd: the workers have finished something, or a poll has failed
  // With libuv
  uv_poll_s* poll_ = nullptr;
  uv_check_s* check_ = nullptr;
  Polls polls_{events_};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int closing_ = 0;  // what libuv has still to close
  // With a thread
  napi_threadsafe_function knock_ = nullptr;
  pthread_t thread_ = {};
  bool threaded_ = false;
  bool stop_ = false;
  int resume_ = -1;  // eventfd: the loop has dealt with what the thread knocked for, or the end has come
};
