// sendmsg(2) and recvmsg(2) on plain numbers. The compiler inlines all of it into the functions that JavaScript calls: raw-call.h
// says why.

#include "arguments.h"
#include "returned-descriptors.h"
#include "functions.h"
#include "sending.h"

namespace {

// The positions of the arguments that can be missing.
constexpr size_t kControl = 3;
constexpr size_t kAddress = 4;

SENDMSG_INLINE long Sendmsg(Environment& e, const Arguments& args) {
  Bytes iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  Bytes control = args.Has(kControl) ? args.Control(kControl, e.call[kCallControl]) : Bytes{};
  Bytes address = args.Has(kAddress) ? args.Address(kAddress, e.call[kCallAddress]) : Bytes{};
  return Send(e.syscalls, args.Int(0), kernel::MsgHdr(iov, count, control, address), args.Int(2));
}

SENDMSG_INLINE long Recvmsg(Environment& e, const Arguments& args) {
  Bytes iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  Bytes control = args.Has(kControl) ? args.View(kControl) : Bytes{};
  Bytes address = args.Has(kAddress) ? args.View(kAddress) : Bytes{e.scratch, kAddressSpace};
  kernel::MsgHdr header(iov, count, control, address);
  long result = e.syscalls.Invoke(Call::kRecvmsg, args.Int(0), &header, args.Int(2));
  if (result >= 0) {
    e.result[kResultControlLength] = static_cast<int32_t>(header.control_length);
    e.result[kResultAddressLength] = header.name_length;
    e.result[kResultFlags] = static_cast<int32_t>(header.flags);
    ForgetAllIn(e, header);
  }
  return result;
}

constexpr Function kFunctions[] = {
    {"sendmsg", Calls<Sendmsg>},
    {"recvmsg", Calls<Recvmsg>},
};

}  // namespace

constexpr Functions kMessageCalls = kFunctions;
