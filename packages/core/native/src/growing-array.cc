#include "growing-array.h"

#include <algorithm>

bool Grow(void** memory, size_t* capacity, size_t needed, size_t size) {
  size_t grown = std::max({size_t{64}, *capacity * 2, needed});
  void* moved = realloc(*memory, grown * size);
  if (!moved) return false;
  memset(static_cast<char*>(moved) + *capacity * size, 0, (grown - *capacity) * size);
  *memory = moved;
  *capacity = grown;
  return true;
}
