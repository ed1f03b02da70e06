// A piece of memory. The layout is that of the kernel's struct iovec.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct Bytes {
  uint8_t* data;
  size_t length;
};

// The smaller one. <algorithm> has std::min(), but it would triple the time that a file takes to compile.
template <typename T>
constexpr T Least(T a, T b) {
  return a < b ? a : b;
}

// An empty view has no memory, and memmove() must not be called with null, not even for 0 bytes (C17, 7.24.1).
inline void Copy(void* to, const void* from, size_t length) {
  if (length > 0) memmove(to, from, length);
}
