#include "growing-array.h"

bool Grow(void** memory, size_t* capacity, size_t needed, size_t size) {
  size_t grown = *capacity ? *capacity * 2 : 64;
  if (grown < needed) grown = needed;
  void* moved = realloc(*memory, grown * size);
  if (!moved) return false;
  memset(static_cast<char*>(moved) + *capacity * size, 0, (grown - *capacity) * size);
  *memory = moved;
  *capacity = grown;
  return true;
}
