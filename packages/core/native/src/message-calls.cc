// sendmsg(2) and recvmsg(2) on plain numbers.

#include <poll.h>

#include "arguments.h"
#include "entering.h"
#include "functions.h"
#include "sending.h"
#include "waiting.h"

namespace {

// With so many arguments there is no time limit, and neither control data nor an address of the caller's.
constexpr size_t kWithoutParts = 3;
constexpr size_t kWithoutAddress = 5;

long Sendmsg(const Arguments& args) {
  Environment& e = args.environment();
  int fd = args.Int(0);
  kernel::IoVec iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  kernel::MsgHdr header = {nullptr, 0, iov, count, nullptr, 0, 0};
  if (args.count() <= kWithoutParts) return Send(e.syscalls, fd, header, args.Int(2));
  Bytes control = args.Control(4, args.NumberOrView(4));
  Bytes address = args.Address(5, args.NumberOrView(5));
  header = {address.data, static_cast<int>(address.length), iov, count, control.data, control.length, 0};
  return Within(args.Int(3), fd, POLLOUT,
                [&](int extra) { return Send(e.syscalls, fd, header, args.Int(2) | extra); });
}

long Recvmsg(const Arguments& args) {
  Environment& e = args.environment();
  int fd = args.Int(0);
  kernel::IoVec iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  kernel::MsgHdr header = {e.scratch, kAddressSpace, iov, count, nullptr, 0, 0};
  int timeout = -1;
  if (args.count() > kWithoutParts) {
    timeout = args.Int(3);
    Bytes control = args.View(4);
    header.control = control.data;
    header.control_length = control.length;
  }
  if (args.count() > kWithoutAddress) {
    Bytes address = args.View(5);
    header.name = address.data;
    header.name_length = static_cast<int>(address.length);
  }
  long result = Within(timeout, fd, POLLIN, [&](int extra) {
    return e.syscalls.Invoke(Call::kRecvmsg, fd, Word(&header), args.Int(2) | extra);
  });
  if (result >= 0) {
    e.result[kResultControlLength] = static_cast<int32_t>(header.control_length);
    e.result[kResultAddressLength] = header.name_length;
    e.result[kResultFlags] = static_cast<int32_t>(header.flags);
    EnterAll(e, header);
  }
  return result;
}

constexpr Function kFunctions[] = {
    {"sendmsg", Calls<Sendmsg>},
    {"recvmsg", Calls<Recvmsg>},
};

}  // namespace

constexpr Functions kMessageCalls = kFunctions;
