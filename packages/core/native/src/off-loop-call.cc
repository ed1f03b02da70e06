#include "off-loop-call.h"

#include <stdlib.h>

#include "control-scan.h"

OffLoopCall::~OffLoopCall() {
  free(data.data);
  free(control.data);
  free(address.data);
}

bool OffLoopCall::Reserve(size_t data_space, size_t control_space, size_t address_space) {
  data = {static_cast<uint8_t*>(malloc(data_space + 1)), data_space};
  control = {static_cast<uint8_t*>(malloc(control_space + 1)), control_space};
  address = {static_cast<uint8_t*>(malloc(address_space + 1)), address_space};
  return data.data && control.data && address.data;
}

void OffLoopCall::Make() {
  // On ia32, this object remembers by which path each call is permitted. Only one thread may use such an object.
  Syscalls syscalls;
  kernel::MsgHdr header(&data, 1, control.length ? control : Bytes{}, address.length ? address : Bytes{});
  switch (call) {
    case Call::kAccept4:
      // Another process that shares the listener may have made it blocking.
      SetNonBlocking(fd);
      result = syscalls.Invoke(Call::kAccept4, fd, 0, 0, flags);
      break;
    case Call::kConnect:
      SetNonBlocking(fd);
      result = syscalls.Invoke(Call::kConnect, fd, address.data, address.length);
      break;
    default:
      result = syscalls.Invoke(call, fd, &header, flags | kernel::kMsgDontWait);
      control_length = header.control_length;
      address_length = header.name_length;
      message_flags = static_cast<int>(header.flags);
  }
}

void OffLoopCall::CloseArrived() {
  if (result < 0) return;
  if (call == Call::kAccept4) Close(static_cast<int>(result));
  if (call != Call::kRecvmsg) return;
  for (ControlScan scan({control.data, control_length}); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) {
      if (scan.descriptor(i) >= 0) Close(scan.descriptor(i));
    }
  }
}
