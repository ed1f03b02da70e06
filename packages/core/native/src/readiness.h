// Readiness: one edge-triggered epoll instance per environment, in which each descriptor is registered once.
//
// The event loop watches that one instance, with one uv_poll_t in Node. Bun and Deno export libuv's symbols too, but calling
// them kills the process: there a thread waits and knocks through a thread-safe function.
#pragma once

#include <node_api.h>
#include <pthread.h>
#include <stdint.h>

struct uv_poll_s;
struct uv_handle_s;

class Workers;

class Readiness {
 public:
  // `batch`: room for kBatch triples, kept alive by the caller. A negative errno on failure. It frees itself when the
  // environment ends; with libuv by an asynchronous clean-up hook, because a uv handle must outlive instance data.
  static int Start(napi_env env, napi_value callback, int32_t* batch, bool thread, Workers* workers, Readiness** out);

  static constexpr size_t kBatch = 256;
  static constexpr size_t kNumbers = 3;  // slot, generation, events

  int Add(int fd, int slot, int generation);
  int Remove(int fd);
  void KeepAlive(bool on);

 private:
  Readiness(napi_env env, int32_t* batch) : env_(env), batch_(batch) {}
  ~Readiness();
  int Open();
  int StartPoll();
  int StartThread(napi_value name);
  void Deliver();

  static void OnReadable(uv_poll_s* handle, int status, int events);
  static void OnClosed(uv_handle_s* handle);
  static void* Wait(void* self);
  static void OnKnock(napi_env env, napi_value callback, void* context, void* data);
  static void OnPollEnd(napi_async_cleanup_hook_handle hook, void* self);
  static void OnThreadEnd(void* self);

  napi_env env_;
  int32_t* batch_;
  Workers* workers_ = nullptr;
  napi_ref callback_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int epoll_ = -1;
  int finished_ = -1;  // eventfd: the workers have finished something
  uv_poll_s* poll_ = nullptr;
  // The thread of Bun and Deno
  napi_threadsafe_function knock_ = nullptr;
  pthread_t thread_ = {};
  bool threaded_ = false;
  bool stop_ = false;
  int resume_ = -1;  // eventfd: what was knocked for is dealt with, or the end has come
};
