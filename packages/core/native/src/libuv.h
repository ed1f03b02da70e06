// The functions of libuv that we call. They are weak, so that a runtime without libuv can load the file.
#pragma once

#include <uv.h>

#pragma weak uv_backend_fd
#pragma weak uv_check_init
#pragma weak uv_check_start
#pragma weak uv_close
#pragma weak uv_handle_get_data
#pragma weak uv_handle_set_data
#pragma weak uv_handle_size
#pragma weak uv_poll_init
#pragma weak uv_poll_start
#pragma weak uv_poll_stop
#pragma weak uv_prepare_init
#pragma weak uv_prepare_start
#pragma weak uv_prepare_stop
#pragma weak uv_ref
#pragma weak uv_unref

template <typename Handle>
uv_handle_t* AsHandle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

// Gives a handle its data, and unrefs it: the handle alone does not keep the process alive.
template <typename Handle>
void SetUp(Handle* handle, void* data) {
  uv_handle_set_data(AsHandle(handle), data);
  uv_unref(AsHandle(handle));
}

template <typename T, typename Handle>
T* DataOf(Handle* handle) {
  return static_cast<T*>(uv_handle_get_data(AsHandle(handle)));
}
