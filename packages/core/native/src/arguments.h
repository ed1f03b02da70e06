// The arguments of one call from JavaScript, which TypeScript has checked, and what the call returns.
#pragma once

#include <node_api.h>

#include "environment.h"

// Fetched anew for each call: no pointer into JavaScript's memory outlives it.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    void* data = nullptr;
    napi_get_cb_info(env, info, &count_, values_, nullptr, &data);
    environment_ = static_cast<Environment*>(data);
  }

  napi_env env() const { return env_; }
  Environment& environment() const { return *environment_; }
  size_t count() const { return count_; }
  napi_value operator[](size_t i) const { return values_[i]; }

  int32_t Int(size_t i) const {
    int32_t value = 0;
    napi_get_value_int32(env_, values_[i], &value);
    return value;
  }

  // A length in memory can be more than an int holds.
  size_t Size(size_t i) const { return static_cast<size_t>(Int64(i)); }

  int64_t Int64(size_t i) const {
    int64_t value = 0;
    napi_get_value_int64(env_, values_[i], &value);
    return value;
  }

  bool Bool(size_t i) const {
    bool value = false;
    napi_get_value_bool(env_, values_[i], &value);
    return value;
  }

  // The memory of a Uint8Array; {nullptr, 0} for null.
  Bytes View(size_t i) const { return ViewOf(values_[i]); }

  Bytes ViewOf(napi_value value) const {
    Bytes bytes = {};
    GetView(value, &bytes);
    return bytes;
  }

  // The memory of an Int32Array
  int32_t* Numbers(size_t i, size_t* length) const {
    Bytes view = View(i);
    *length = view.length;
    return reinterpret_cast<int32_t*>(view.data);
  }

  // One view or an array of views. Returns how many there are, at most kUioMaxiov.
  size_t Iov(size_t i, Bytes* iov) const {
    if (GetView(values_[i], iov)) return 1;
    uint32_t count = 0;
    napi_get_array_length(env_, values_[i], &count);
    if (count > kernel::kUioMaxiov) count = kernel::kUioMaxiov;
    for (uint32_t k = 0; k < count; k++) {
      napi_value element;
      napi_get_element(env_, values_[i], k, &element);
      iov[k] = ViewOf(element);
    }
    return count;
  }

  // Something to send: a view, or the number of its bytes in the scratch memory. `given` is that number, or kInArgument.
  Bytes Control(size_t i, int32_t given) const { return Part(i, given, kAddressSpace, kScratchControl); }
  Bytes Address(size_t i, int32_t given) const { return Part(i, given, 0, kAddressSpace); }
  Bytes ScratchData(int32_t length) const { return Part(0, length, kAddressSpace + kScratchControl, kScratchData); }

  // The argument if it is a number, otherwise kInArgument. Deno converts anything to a number: so the type is asked for.
  int32_t NumberOrView(size_t i) const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, values_[i], &type);
    return type == napi_number ? Int(i) : kInArgument;
  }

 private:
  bool GetView(napi_value value, Bytes* bytes) const {
    void* data;
    if (napi_get_typedarray_info(env_, value, nullptr, &bytes->length, &data, nullptr, nullptr) != napi_ok) return false;
    bytes->data = static_cast<uint8_t*>(data);
    return true;
  }

  Bytes Part(size_t i, int32_t given, size_t at, size_t space) const {
    if (given < 0) return View(i);
    size_t length = static_cast<size_t>(given);
    return {environment_->scratch + at, length < space ? length : space};
  }

  static constexpr size_t kMost = 6;

  napi_env env_;
  Environment* environment_;
  size_t count_ = kMost;
  napi_value values_[kMost];
};

// A call's result as JavaScript gets it: a number, a boolean, or undefined.
inline napi_value ToJs(napi_env env, long number) {
  napi_value value;
  napi_create_int32(env, static_cast<int32_t>(number), &value);
  return value;
}
inline napi_value ToJs(napi_env env, int number) { return ToJs(env, static_cast<long>(number)); }
inline napi_value ToJs(napi_env env, bool boolean) {
  napi_value value;
  napi_get_boolean(env, boolean, &value);
  return value;
}
inline napi_value ToJs(napi_env, napi_value value) { return value; }

// Makes a function of JavaScript's out of one that takes Arguments.
template <auto body>
napi_value Calls(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  return ToJs(env, body(args));
}
