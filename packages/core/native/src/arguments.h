// Converts the arguments of a call from JavaScript to C++, and its result back. TypeScript has checked the arguments.
#pragma once

#include <node_api.h>

#include <utility>

#include "environment.h"

// The memory of an Int32Array
struct Numbers {
  int32_t* data;
  size_t length;
};

// The arguments of one call. No pointer into JavaScript's memory outlives the call.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env), info_(info) {
    void* data = nullptr;
    napi_get_cb_info(env, info, &count_, values_, nullptr, &data);
    environment_ = static_cast<Environment*>(data);
  }

  napi_env env() const { return env_; }
  // For a call with more arguments than this class keeps
  napi_callback_info info() const { return info_; }
  Environment& environment() const { return *environment_; }
  bool Has(size_t i) const { return i < count_; }
  napi_value operator[](size_t i) const { return values_[i]; }

  int32_t Int(size_t i) const {
    int32_t value = 0;
    napi_get_value_int32(env_, values_[i], &value);
    return value;
  }

  // The memory of a Uint8Array; {nullptr, 0} for null.
  Bytes View(size_t i) const { return ViewOf(values_[i]); }

  Bytes ViewOf(napi_value value) const {
    Bytes bytes = {};
    GetView(value, &bytes);
    return bytes;
  }

  // Converts an argument to the type of a function's parameter.
  template <typename T>
  T As(size_t i) const {
    if constexpr (std::is_same_v<T, const Arguments&>) {
      return *this;
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return View(i);
    } else if constexpr (std::is_same_v<T, Numbers>) {
      Bytes view = View(i);
      return {reinterpret_cast<int32_t*>(view.data), view.length};
    } else if constexpr (std::is_same_v<T, bool>) {
      bool value = false;
      napi_get_value_bool(env_, values_[i], &value);
      return value;
    } else if constexpr (std::is_same_v<T, int>) {
      return Int(i);
    } else {
      int64_t value = 0;
      napi_get_value_int64(env_, values_[i], &value);
      return static_cast<T>(value);
    }
  }

  // Writes one view, or an array of views, to `iov`. Returns how many there are, at most kUioMaxiov.
  size_t Iov(size_t i, Bytes* iov) const {
    if (GetView(values_[i], iov)) return 1;
    uint32_t count = 0;
    napi_get_array_length(env_, values_[i], &count);
    count = Least(count, uint32_t{kernel::kUioMaxiov});
    for (uint32_t k = 0; k < count; k++) {
      napi_value element;
      napi_get_element(env_, values_[i], k, &element);
      iov[k] = ViewOf(element);
    }
    return count;
  }

  // A part of the message to send. With `given` = kInArgument, it is the view in the argument. Otherwise it lies in the scratch
  // memory, and `given` is its length.
  Bytes Control(size_t i, int32_t given) const { return Part(i, given, kAddressSpace, kScratchControl); }
  Bytes Address(size_t i, int32_t given) const { return Part(i, given, 0, kAddressSpace); }
  Bytes ScratchData(int32_t length) const { return Part(0, length, kAddressSpace + kScratchControl, kScratchData); }

 private:
  bool GetView(napi_value value, Bytes* bytes) const {
    void* data;
    if (napi_get_typedarray_info(env_, value, nullptr, &bytes->length, &data, nullptr, nullptr) != napi_ok) return false;
    bytes->data = static_cast<uint8_t*>(data);
    return true;
  }

  Bytes Part(size_t i, int32_t given, size_t at, size_t space) const {
    if (given == 0) return {};
    if (given < 0) return View(i);
    return {environment_->scratch + at, Least(static_cast<size_t>(given), space)};
  }

  static constexpr size_t kMost = 6;

  napi_env env_;
  napi_callback_info info_;
  Environment* environment_;
  size_t count_ = kMost;
  napi_value values_[kMost];
};

// Converts a result for JavaScript. A function whose result can exceed an int returns double.
template <typename T>
napi_value ToJs(napi_env env, T result) {
  napi_value value;
  if constexpr (std::is_same_v<T, napi_value>) {
    return result;
  } else if constexpr (std::is_same_v<T, bool>) {
    napi_get_boolean(env, result, &value);
  } else if constexpr (std::is_same_v<T, double>) {
    napi_create_double(env, result, &value);
  } else {
    napi_create_int32(env, static_cast<int32_t>(result), &value);
  }
  return value;
}

template <auto function, typename Pointer = decltype(+function)>
struct Bound;

// `function` is a template argument, not a pointer. For a pointer, the compiler would keep a second copy of the function.
template <auto function, typename Result, typename... Parameters>
struct Bound<function, Result (*)(Environment&, Parameters...)> {
  template <size_t... i>
  SENDMSG_INLINE static napi_value Apply(const Arguments& args, std::index_sequence<i...>) {
    if constexpr (std::is_void_v<Result>) {
      function(args.environment(), args.As<Parameters>(i)...);
      return nullptr;
    } else {
      return ToJs(args.env(), function(args.environment(), args.As<Parameters>(i)...));
    }
  }

  static napi_value Call(napi_env env, napi_callback_info info) {
    return Apply(Arguments(env, info), std::index_sequence_for<Parameters...>());
  }
};

// Makes a function for JavaScript from a C++ function. Its first parameter is the environment; the types of the others say how to
// convert the arguments.
template <auto function>
constexpr napi_callback Calls = Bound<function>::Call;
