// An array that grows, and that frees its memory in the end. New elements are zero.
#pragma once

#include <stdlib.h>
#include <string.h>

// `capacity` and `needed` count elements of `size` bytes. False: there is no memory.
bool Grow(void** memory, size_t* capacity, size_t needed, size_t size);

template <typename T>
class GrowingArray {
 public:
  GrowingArray() = default;
  ~GrowingArray() { free(memory_); }
  GrowingArray(const GrowingArray&) = delete;

  bool Reserve(size_t needed) { return needed <= capacity_ || Grow(&memory_, &capacity_, needed, sizeof(T)); }
  size_t capacity() const { return capacity_; }
  T* data() const { return static_cast<T*>(memory_); }
  T& operator[](size_t i) const { return data()[i]; }

 private:
  void* memory_ = nullptr;
  size_t capacity_ = 0;
};
