#include "off-loop-call.h"

#include <stdlib.h>
#include <string.h>

#include "control-scan.h"

OffLoopCall::~OffLoopCall() {
  free(data);
  free(control);
  free(address);
}

bool OffLoopCall::Reserve(size_t data_space, size_t control_space, size_t address_space) {
  data_size = data_space;
  control_size = control_space;
  address_size = address_space;
  data = static_cast<uint8_t*>(malloc(data_space + 1));
  control = static_cast<uint8_t*>(malloc(control_space + 1));
  address = static_cast<uint8_t*>(malloc(address_space + 1));
  return data && control && address;
}

void OffLoopCall::Make() {
  // Its own: on ia32 it remembers which paths are open, and belongs to one thread.
  Syscalls syscalls;
  kernel::IoVec iov = {data, data_size};
  kernel::MsgHdr header = {address_size ? address : nullptr, static_cast<int>(address_size), &iov, 1,
                           control_size ? control : nullptr, control_size, 0};
  switch (call) {
    case Call::kAccept4:
      // Who shares the listener can have made it blocking since it was last asked.
      SetNonBlocking(fd);
      result = syscalls.Invoke(Call::kAccept4, fd, 0, 0, flags);
      break;
    case Call::kConnect:
      SetNonBlocking(fd);
      result = syscalls.Invoke(Call::kConnect, fd, Word(address), static_cast<long>(address_size));
      break;
    default:
      result = syscalls.Invoke(call, fd, Word(&header), flags | kernel::kMsgDontWait);
      control_length = header.control_length;
      address_length = header.name_length;
      message_flags = static_cast<int>(header.flags);
  }
}

void OffLoopCall::CloseArrived() {
  if (result < 0) return;
  if (call == Call::kAccept4) Close(static_cast<int>(result));
  if (call != Call::kRecvmsg) return;
  for (ControlScan scan(control, control_length); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) {
      if (scan.descriptor(i) >= 0) Close(scan.descriptor(i));
    }
  }
}
