// Where a message continues that is longer than its room. This takes address space, and memory only while such a message is there.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract.h"

class Overflow {
 public:
  static constexpr size_t kSize = kLongestUnixMessage;

  Overflow() = default;
  ~Overflow();
  Overflow(const Overflow&) = delete;

  // Null: there is no address space left.
  uint8_t* memory();
  // Gives the memory that a message has used back to the kernel.
  void Empty(size_t used);

 private:
  uint8_t* memory_ = nullptr;
};
