// sendmsg(2) and recvmsg(2) on plain numbers. Both are inlined into what JavaScript calls: see raw-call.h.

#include <poll.h>

#include "arguments.h"
#include "returned-descriptors.h"
#include "functions.h"
#include "sending.h"
#include "time-limit.h"

namespace {

// With so many arguments there is no time limit, and neither control data nor an address of the caller's.
constexpr size_t kWithoutParts = 3;
constexpr size_t kWithoutAddress = 5;

SENDMSG_INLINE long Sendmsg(Environment& e, const Arguments& args) {
  int fd = args.Int(0);
  Bytes iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  if (args.count() <= kWithoutParts) return Send(e.syscalls, fd, kernel::MsgHdr(iov, count), args.Int(2));
  kernel::MsgHdr header(iov, count, args.Control(4, args.NumberOrView(4)), args.Address(5, args.NumberOrView(5)));
  return Within(args.Int(3), fd, POLLOUT,
                [&](int extra) { return Send(e.syscalls, fd, header, args.Int(2) | extra); });
}

SENDMSG_INLINE long Recvmsg(Environment& e, const Arguments& args) {
  int fd = args.Int(0);
  Bytes iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  bool has_parts = args.count() > kWithoutParts;
  Bytes address = args.count() > kWithoutAddress ? args.View(5) : Bytes{e.scratch, kAddressSpace};
  kernel::MsgHdr header(iov, count, has_parts ? args.View(4) : Bytes{}, address);
  int timeout = has_parts ? args.Int(3) : -1;
  long result = Within(timeout, fd, POLLIN, [&](int extra) {
    return e.syscalls.Invoke(Call::kRecvmsg, fd, &header, args.Int(2) | extra);
  });
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
