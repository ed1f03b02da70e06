// Collects the events of one turn of the event loop, and passes them to JavaScript in one call. binding.ts describes the array at
// Binding.watch.
#pragma once

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"

class EventBatch {
 public:
  // `numbers` is the array's memory. The caller keeps the array alive.
  EventBatch(napi_env env, napi_value callback, int32_t* numbers);

  // Call this if libuv's callbacks call Deliver(): then Deliver() must open a callback scope itself. Without libuv, a thread-safe
  // function calls Deliver(), and Node-API has opened the scope already.
  void ComesFromLibuv();
  // If the batch is full, delivers it first.
  void Append(int32_t slot, int32_t generation, uint32_t events);
  void Deliver();
  // Whether the watch is to keep the process alive. JavaScript writes that into the array.
  bool keeps_alive() const { return numbers_[kEventsKeepAlive] != 0; }
  // Frees the references to JavaScript's objects. Only for libuv: without it, the end of the environment frees them, because Deno
  // runs clean-up hooks without a handle scope.
  void Close();

 private:
  napi_env env_;
  int32_t* numbers_;
  size_t count_ = 0;
  napi_ref callback_ = nullptr;
  // Null: see ComesFromLibuv().
  napi_async_context context_ = nullptr;
};
