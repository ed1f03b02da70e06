// A piece of memory. The kernel has the same struct as an entry of an iov.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct Bytes {
  uint8_t* data;
  size_t length;
};

// An empty view has no memory, and memmove() may not be given null (C17, 7.24.1), not even for 0 bytes.
inline void Copy(void* to, const void* from, size_t length) {
  if (length > 0) memmove(to, from, length);
}
