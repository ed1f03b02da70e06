// What is called of libuv. Weak: a runtime without it must still be able to load the file.
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
