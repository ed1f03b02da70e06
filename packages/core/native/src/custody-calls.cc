// Which descriptors custody holds.

#include "arguments.h"
#include "functions.h"
#include "tickets.h"

namespace {

using Args = const Arguments&;

long Adopt(Args args) {
  Environment& e = args.environment();
  int fd = args.Int(0);
  // This is asked first: between the two questions, a thread may close the descriptor.
  if (e.workers->IsClosing(fd)) return -EBADF;
  if (IsOpen(fd)) return e.custody.IsHeld(fd) ? -EEXIST : e.custody.Take(fd);
  e.custody.ForgetNumber(fd);
  return -EBADF;
}

napi_value Deposit(Args args) {
  Custody& custody = args.environment().custody;
  int fd = args.Int(0);
  int64_t ticket = 0;
  if (custody.Holds(fd, args.Int(1))) {
    ticket = DepositTicket({fd, custody.OpenerOf(fd), Workers::UidOf(custody.BringerOf(fd))});
    if (ticket) custody.ForgetNumber(fd);
  }
  napi_value number;
  napi_create_int64(args.env(), ticket, &number);
  return number;
}

int Claim(Args args) {
  Environment& e = args.environment();
  Deposited claimed = ClaimTicket(args.Int64(0));
  if (claimed.fd >= 0) {
    Account* bringer = claimed.opener == Custody::kStranger ? e.workers->Open(claimed.uid) : nullptr;
    e.result[0] = e.custody.Take(claimed.fd, claimed.opener, bringer);
    e.workers->Unref(bringer);
  }
  return claimed.fd;
}

int BoundsOf(Args args) {
  Environment& e = args.environment();
  e.room.IsEnough();
  Workers::Bounds bounds = Workers::BoundsOf(e.room.limit());
  e.result[0] = bounds.socket;
  e.result[1] = bounds.uid;
  e.result[2] = bounds.process;
  return Room::kMargin;
}

int OpenFilesLimit(Args args) {
  Room& room = args.environment().room;
  room.IsEnough();
  return room.limit();
}

// When more external memory is reported to V8 than half of its heap may have, it collects all garbage before the report returns.
napi_value Collect(Args args) {
  int64_t total;
  napi_adjust_external_memory(args.env(), args.Int64(0), &total);
  napi_adjust_external_memory(args.env(), -args.Int64(0), &total);
  return nullptr;
}

constexpr Function kFunctions[] = {
    {"adopt", Calls<Adopt>},
    {"holds", Calls<[](Args args) { return args.environment().custody.Holds(args.Int(0), args.Int(1)); }>},
    {"detach", Calls<[](Args args) { return args.environment().custody.Forget(args.Int(0), args.Int(1)); }>},
    {"release",
     Calls<[](Args args) { return args.environment().custody.Release(args.Int(0), args.Int(1), args.Int(2)); }>},
    {"held", Calls<[](Args args) { return args.environment().custody.held(); }>},
    {"deposit", Calls<Deposit>},
    {"claim", Calls<Claim>},
    {"bounds", Calls<BoundsOf>},
    {"openFilesLimit", Calls<OpenFilesLimit>},
    {"collect", Calls<Collect>},
};

}  // namespace

constexpr Functions kCustodyCalls = kFunctions;
