// The state behind one binding: what its calls share.
#pragma once

#include <node_api.h>

#include "bytes.h"
#include "contract.h"
#include "custody.h"
#include "overflow.h"
#include "readiness.h"
#include "receiver.h"

// A view of the caller's that stays in memory until another takes its place.
struct KeptView {
  Bytes bytes = {};
  napi_ref reference = nullptr;
};

struct Environment {
  // Arrays that JavaScript has as well.
  int32_t* result = nullptr;
  // What send() and receive() are about. JavaScript writes these numbers faster than it hands them over.
  int32_t* call = nullptr;
  // JavaScript copies small things to this memory faster than it hands over a view.
  uint8_t* scratch = nullptr;

  // Where receive() puts data, and control data.
  KeptView data_room;
  KeptView control_room;
  Overflow overflow;

  Syscalls syscalls;
  // Its threads can outlive the environment: it frees itself.
  Workers* workers = new Workers();
  Room room;
  Custody custody{syscalls, *workers};
  Receiver receiver{syscalls, custody, *workers, room};
  // Null until watch() is called.
  Readiness* readiness = nullptr;
  // The environment that the same thread opened before.
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
