#include "event-batch.h"

EventBatch::EventBatch(napi_env env, napi_value callback, int32_t* numbers) : env_(env), numbers_(numbers) {
  napi_create_reference(env, callback, 1, &callback_);
}

void EventBatch::ComesFromLibuv() {
  napi_value name;
  napi_value resource;
  napi_create_string_utf8(env_, "sendmsg", NAPI_AUTO_LENGTH, &name);
  napi_create_object(env_, &resource);
  napi_async_init(env_, resource, name, &context_);
}

void EventBatch::Append(int32_t slot, int32_t generation, uint32_t events) {
  if (count_ == kMaxEvents) Deliver();
  int32_t* at = numbers_ + kEventNumbers * count_++;
  at[kEventSlot] = slot;
  at[kEventGeneration] = generation;
  at[kEventBits] = static_cast<int32_t>(events);
}

void EventBatch::Deliver() {
  if (count_ == 0) return;
  size_t count = count_;
  count_ = 0;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value callback;
  napi_get_reference_value(env_, callback_, &callback);
  numbers_[kEventCount] = static_cast<int32_t>(count);
  // The callback does not use `this`, so any object will do.
  napi_status status = context_ ? napi_make_callback(env_, context_, callback, callback, 0, nullptr, nullptr)
                                : napi_call_function(env_, callback, callback, 0, nullptr, nullptr);
  if (status == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env_, &error);
    napi_fatal_exception(env_, error);
  }
  numbers_[kEventCount] = 0;
  napi_close_handle_scope(env_, scope);
}

void EventBatch::Close() {
  napi_delete_reference(env_, callback_);
  napi_async_destroy(env_, context_);
}
