// Events on their way to JavaScript, in the array that binding.ts describes at Binding.watch. What one turn of the event loop
// brings goes there in one call.
#pragma once

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"

class EventBatch {
 public:
  // `numbers` is the array's memory, which the caller keeps.
  EventBatch(napi_env env, napi_value callback, int32_t* numbers);

  // Deliver() is called by libuv. Otherwise a thread-safe function calls it, which has opened a callback scope already.
  void ComesFromLibuv();
  // Delivers first if the batch is full.
  void Append(int32_t slot, int32_t generation, uint32_t events);
  void Deliver();
  // Whether the watching is to keep the process alive, as far as JavaScript has said.
  bool keeps_alive() const { return numbers_[kEventsKeepAlive] != 0; }
  // Lets go of JavaScript when libuv's handles are closed. A batch that a thread fills leaves that to the end of the environment,
  // because Deno runs clean-up hooks without a handle scope.
  void Close();

 private:
  napi_env env_;
  int32_t* numbers_;
  size_t count_ = 0;
  napi_ref callback_ = nullptr;
  // Null: see ComesFromLibuv().
  napi_async_context context_ = nullptr;
};
