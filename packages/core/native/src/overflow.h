// If a message is longer than the caller's buffer, the kernel writes the rest of it here. The buffer always takes address space,
// but memory only while it holds such a rest.
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
  // Gives the first `used` bytes back to the kernel.
  void Empty(size_t used);

 private:
  uint8_t* memory_ = nullptr;
};
