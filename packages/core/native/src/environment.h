// The state of one binding, which its calls share.
#pragma once

#include <node_api.h>

#include "bytes.h"
#include "contract.h"
#include "custody.h"
#include "overflow.h"
#include "readiness.h"
#include "receiver.h"

// A view that JavaScript has given us. We keep it in memory until JavaScript gives another in its place.
struct KeptView {
  Bytes bytes = {};
  napi_ref reference = nullptr;
};

struct Environment {
  // Three arrays that JavaScript and C++ share.
  // Numbers that a call returns besides its result.
  int32_t* result = nullptr;
  // The arguments of send() and receive(), at the positions kCall…: writing them here is faster than passing them.
  int32_t* call = nullptr;
  // Small addresses, control data and data: copying them here is faster than passing a view.
  uint8_t* scratch = nullptr;

  // Where receive() writes data and control data.
  KeptView data_buffer;
  KeptView control_buffer;
  Overflow overflow;

  Syscalls syscalls;
  // The pool frees itself, because its threads can outlive the environment.
  ThreadPool* pool = new ThreadPool();
  OpenFileBudget open_file_budget;
  Custody custody{syscalls, *pool};
  Receiver receiver{syscalls, custody, *pool, open_file_budget};
  // Null until watch() is called.
  Readiness* readiness = nullptr;
  // The environment that this thread opened before this one.
  Environment* next = nullptr;
};

// An array that JavaScript and C++ share. It stays in memory until the environment ends.
template <typename T>
napi_value SharedArray(napi_env env, napi_typedarray_type type, size_t length, T** data) {
  napi_value buffer;
  napi_value array;
  napi_ref reference;
  void* memory;
  napi_create_arraybuffer(env, length * sizeof(T), &memory, &buffer);
  napi_create_typedarray(env, type, length, buffer, 0, &array);
  napi_create_reference(env, array, 1, &reference);
  *data = static_cast<T*>(memory);
  return array;
}
