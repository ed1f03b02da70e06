// The control messages in a buffer, one after the other, and the descriptors in them: cmsg(3).
#pragma once

#include "bytes.h"
#include "kernel.h"

class ControlScan {
 public:
  explicit ControlScan(Bytes control) : control_(control.data), length_(control.length) {}

  // Moves to the first message, then to the next. False: there are no more.
  bool Next() {
    if (step_ >= length_ - at_) return false;
    at_ += step_;
    if (length_ - at_ < sizeof item_) return false;
    memcpy(&item_, control_ + at_, sizeof item_);
    step_ = kernel::CMsgAlign(item_.length);
    return item_.length >= sizeof item_ && item_.length <= length_ - at_;
  }

  bool IsRights() const { return item_.level == kernel::kSolSocket && item_.type == kernel::kScmRights; }
  bool IsPidfd() const { return item_.level == kernel::kSolSocket && item_.type == kernel::kScmPidfd; }

  // How many descriptors the message carries. The descriptor in SCM_PIDFD is negative if the kernel could not make it.
  size_t descriptors() const {
    size_t count = payload_length() / sizeof(int);
    return IsRights() ? count : IsPidfd() && count > 0 ? 1 : 0;
  }
  int descriptor(size_t i) const {
    int fd;
    memcpy(&fd, control_ + at_ + kernel::CMsgAlign(sizeof item_) + i * sizeof fd, sizeof fd);
    return fd;
  }

  // The whole message, header and padding included.
  Bytes bytes() const { return {control_ + at_, Least(step_, length_ - at_)}; }

 private:
  size_t payload_length() const {
    size_t header = kernel::CMsgAlign(sizeof item_);
    return item_.length > header ? item_.length - header : 0;
  }

  uint8_t* control_;
  size_t length_;
  size_t at_ = 0;
  size_t step_ = 0;
  kernel::CMsgHdr item_ = {};
};
