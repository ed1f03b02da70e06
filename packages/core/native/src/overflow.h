// Where a message goes on that is longer than the room for it. It takes address space; memory only while such a message is there.
#pragma once

#include <stddef.h>
#include <stdint.h>

class Overflow {
 public:
  // More than any Unix message has; receiving.ts has the same.
  static constexpr size_t kSize = 16 << 20;

  Overflow() = default;
  ~Overflow();
  Overflow(const Overflow&) = delete;

  // Null: there is no address space left.
  uint8_t* memory();
  // Gives the memory back that a message has used.
  void Empty(size_t used);

 private:
  uint8_t* memory_ = nullptr;
};
