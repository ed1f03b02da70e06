// Sends a message. If it is one piece without control data, we use sendto(2), because the kernel then copies no header and no iov.
// Otherwise, and where a filter denies sendto(2), we use sendmsg(2).
#pragma once

#include "syscalls.h"

SENDMSG_INLINE long Send(Syscalls& syscalls, int fd, const kernel::MsgHdr& header, int flags) {
  // sendto(2) refuses an address that is too long, while sendmsg(2) cuts it.
  if (header.iov_count == 1 && !header.control && header.name_length <= static_cast<int>(kAddressSpace)) {
    const Bytes& bytes = *header.iov;
    const uint8_t* address = header.name_length > 0 ? header.name : nullptr;
    long result = syscalls.Invoke(Call::kSendto, fd, bytes.data, bytes.length, flags, address, header.name_length);
    if (result > kDenied) return result;
  }
  return syscalls.Invoke(Call::kSendmsg, fd, &header, flags);
}
