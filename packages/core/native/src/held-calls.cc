// sendmsg(2) and recvmsg(2) on descriptors in custody. Every message of a Socket goes through here. The compiler inlines all of it
// into the functions that JavaScript calls: raw-call.h says why.

#include "arguments.h"
#include "functions.h"
#include "sending.h"

namespace {

SENDMSG_INLINE long SendHeld(Environment& e, const Arguments& args) {
  const int32_t* call = e.call;
  int fd = call[kCallFd];
  if (!e.custody.Holds(fd, call[kCallGeneration])) return kGone;
  // If the peer has gone, the kernel purges this socket's own queue: unix_dgram_disconnected(), net/unix/af_unix.c.
  if (call[kCallPurges] && IsReadable(fd)) return kOffLoop;
  Bytes iov[kernel::kUioMaxiov];
  size_t count = 1;
  if (call[kCallSize] == kInArgument) {
    count = args.Iov(0, iov);
  } else {
    iov[0] = args.ScratchData(call[kCallSize]);
  }
  Bytes control = args.Control(1, call[kCallControl]);
  Bytes address = args.Address(2, call[kCallAddress]);
  return Send(e.syscalls, fd, kernel::MsgHdr(iov, count, control, address), call[kCallFlags]);
}

SENDMSG_INLINE long ReceiveHeld(Environment& e, const Arguments& args) {
  const int32_t* call = e.call;
  int fd = call[kCallFd];
  if (!e.custody.Holds(fd, call[kCallGeneration])) return kGone;
  Bytes iov[kernel::kUioMaxiov];
  size_t count = 1;
  size_t size = static_cast<size_t>(call[kCallSize]);
  if (args.Has(0)) {
    count = args.Iov(0, iov);
    // The views can be longer than `size`: another thread may have enlarged shared memory since TypeScript measured it.
    Trim(iov, count, size);
  } else {
    if (size > e.data_buffer.bytes.length) return -EFAULT;
    iov[0] = {e.data_buffer.bytes.data, size};
    if (call[kCallWhole]) {
      uint8_t* rest = e.overflow.memory();
      if (!rest) return -ENOMEM;
      iov[count++] = {rest, Overflow::kSize};
    }
  }
  return e.receiver.Receive({
      .fd = fd,
      .flags = call[kCallFlags],
      .max_fds = call[kCallMaxFds],
      .iov = iov,
      .iov_count = count,
      .address = e.scratch,
      .control = e.control_buffer.bytes,
      .result = e.result,
  });
}

void TakeWhole(Environment& e, Bytes to, size_t length) {
  Bytes first = e.data_buffer.bytes;
  size_t rest = length > first.length ? Least(length - first.length, Overflow::kSize) : 0;
  if (to.length == first.length + rest) {
    Copy(to.data, first.data, first.length);
    Copy(to.data + first.length, e.overflow.memory(), rest);
  }
  e.overflow.Empty(rest);
}

template <KeptView Environment::*buffer>
void Keep(Environment& e, const Arguments& args) {
  KeptView& kept = e.*buffer;
  if (kept.reference) napi_delete_reference(args.env(), kept.reference);
  kept.bytes = args.View(0);
  napi_create_reference(args.env(), args[0], 1, &kept.reference);
}

constexpr Function kFunctions[] = {
    {"send", Calls<SendHeld>},
    {"receive", Calls<ReceiveHeld>},
    {"takeWhole", Calls<TakeWhole>},
    {"dataBuffer", Calls<Keep<&Environment::data_buffer>>},
    {"controlBuffer", Calls<Keep<&Environment::control_buffer>>},
};

}  // namespace

constexpr Functions kHeldCalls = kFunctions;
