// Readiness: who is told that a descriptor is ready. There are two ways.
//
// Any descriptor can be registered once in an edge-triggered epoll instance, one per environment. The event loop watches that one
// instance, with one uv_poll_t in Node. Bun and Deno export libuv's symbols too, but calling them kills the process: there a thread
// waits and knocks through a thread-safe function.
//
// In Node, libuv can also poll a descriptor by itself: see polls.h.
#pragma once

#include <node_api.h>
#include <pthread.h>
#include <stdint.h>

#include "polls.h"

struct uv_check_s;

class Workers;

class Readiness final : private Polls::Listener {
 public:
  // `batch`: kBatchLength numbers, kept alive by the caller. A negative errno on failure. It frees itself when the
  // environment ends; with libuv by an asynchronous clean-up hook, because a uv handle must outlive instance data.
  static int Start(napi_env env, napi_value callback, int32_t* batch, bool thread, Workers* workers, Readiness** out);

  static constexpr size_t kBatch = 256;
  static constexpr size_t kNumbers = 3;  // slot, generation, events
  // Positions after the events; readiness.ts has the same.
  static constexpr size_t kTelling = kBatch * kNumbers;  // how many events JavaScript is being told of
  static constexpr size_t kKeepAlive = kTelling + 1;
  static constexpr size_t kBatchLength = kKeepAlive + 1;

  int Add(int fd, int slot, int generation);
  int Remove(int fd);
  // Level-triggered, for EPOLLIN and EPOLLOUT, or for one of them; 0 ends it for now. -ENOSYS: not here.
  int Poll(int fd, int slot, int generation, uint32_t events);
  void Unpoll(int fd, int slot, int generation);
  void KeepAlive(bool on);

 private:
  Readiness(napi_env env, int32_t* batch) : env_(env), batch_(batch), polls_(this) {}
  ~Readiness();
  int Open();
  int StartPoll();
  int StartThread(napi_value name);
  void Collect();
  void Append(int32_t slot, int32_t generation, uint32_t events);
  void Deliver();
  void MakeRoom();
  void Released();
  void OnPoll(int32_t slot, int32_t generation, uint32_t events) override;
  void OnFailure() override;
  void OnAllClosed() override;

  static void OnReadable(uv_poll_s* handle, int status, int events);
  static void OnCheck(uv_check_s* handle);
  static void OnClosed(uv_handle_s* handle);
  static void* Wait(void* self);
  static void OnKnock(napi_env env, napi_value callback, void* context, void* data);
  static void OnPollEnd(napi_async_cleanup_hook_handle hook, void* self);
  static void OnThreadEnd(void* self);

  napi_env env_;
  int32_t* batch_;
  size_t count_ = 0;  // events in the batch
  bool kept_ = false;
  Workers* workers_ = nullptr;
  napi_ref callback_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int epoll_ = -1;
  int finished_ = -1;  // eventfd: the workers have finished something
  uv_poll_s* poll_ = nullptr;
  uv_check_s* check_ = nullptr;
  Polls polls_;
  int closing_ = 0;  // what libuv has still to close
  // The thread of Bun and Deno
  napi_threadsafe_function knock_ = nullptr;
  pthread_t thread_ = {};
  bool threaded_ = false;
  bool stop_ = false;
  int resume_ = -1;  // eventfd: what was knocked for is dealt with, or the end has come
};
