// Puts descriptors into custody, and takes them out.

#include "arguments.h"
#include "functions.h"
#include "tickets.h"

namespace {

long Adopt(Environment& e, int fd) {
  // Ask the thread pool before the kernel: a thread may close the descriptor between the two questions.
  if (e.pool->IsClosing(fd)) return -EBADF;
  if (IsOpen(fd)) return e.custody.IsHeld(fd) ? -EEXIST : e.custody.Take(fd);
  e.custody.ForgetNumber(fd);
  return -EBADF;
}

double Deposit(Environment& e, int fd, int generation) {
  Custody& custody = e.custody;
  if (!custody.Holds(fd, generation)) return 0;
  int64_t ticket = DepositTicket({fd, custody.OpenerOf(fd), ThreadPool::UidOf(custody.BringerOf(fd))});
  if (ticket) custody.ForgetNumber(fd);
  return static_cast<double>(ticket);
}

long Claim(Environment& e, int64_t ticket) {
  Deposited claimed = ClaimTicket(ticket);
  if (claimed.fd < 0) return claimed.fd;
  Account* bringer = claimed.opener == Custody::kStranger ? e.pool->Open(claimed.uid) : nullptr;
  e.result[kResultGeneration] = e.custody.Take(claimed.fd, claimed.opener, bringer);
  e.pool->Unref(bringer);
  return claimed.fd;
}

int OpenFilesLimit(Environment& e) {
  e.open_file_budget.IsEnough();
  return e.open_file_budget.limit();
}

// Makes V8 collect all garbage. If we report more memory outside of V8's heap than half of what the heap may have, V8 collects
// before the report returns.
void Collect(Environment&, const Arguments& args) {
  int64_t bytes = args.As<int64_t>(0);
  int64_t total;
  napi_adjust_external_memory(args.env(), bytes, &total);
  napi_adjust_external_memory(args.env(), -bytes, &total);
}

constexpr Function kFunctions[] = {
    {"adopt", Calls<Adopt>},
    {"holds", Calls<[](Environment& e, int fd, int generation) { return e.custody.Holds(fd, generation); }>},
    {"detach", Calls<[](Environment& e, int fd, int generation) { return e.custody.Forget(fd, generation); }>},
    {"release", Calls<[](Environment& e, int fd, int generation, int token) {
       return e.custody.Release(fd, generation, token);
     }>},
    {"held", Calls<[](Environment& e) { return e.custody.held(); }>},
    {"deposit", Calls<Deposit>},
    {"claim", Calls<Claim>},
    {"openFilesLimit", Calls<OpenFilesLimit>},
    {"collect", Calls<Collect>},
};

}  // namespace

constexpr Functions kCustodyCalls = kFunctions;
