// Sends a message: with sendto(2) if it is one piece without control data, because the kernel then copies no header and no iov;
// otherwise with sendmsg(2), and also where a filter denies sendto(2).
#pragma once

#include "syscalls.h"

SENDMSG_INLINE long Send(Syscalls& syscalls, int fd, const kernel::MsgHdr& header, int flags) {
  // sendmsg(2) cuts an address that is too long, and sendto(2) refuses it.
  if (header.iov_count == 1 && !header.control && header.name_length <= static_cast<int>(kAddressSpace)) {
    const Bytes& bytes = *header.iov;
    const uint8_t* address = header.name_length > 0 ? header.name : nullptr;
    long result = syscalls.Invoke(Call::kSendto, fd, bytes.data, bytes.length, flags, address, header.name_length);
    if (result > kDenied) return result;
  }
  return syscalls.Invoke(Call::kSendmsg, fd, &header, flags);
}
