// sendmmsg(2) and recvmmsg(2).

#include <stdlib.h>

#include "arguments.h"
#include "returned-descriptors.h"
#include "functions.h"

namespace {

// The messages of a call, made of two arguments, `parts` and `counts`, which binding.ts describes.
class Batch {
 public:
  // `parts` is the argument at position 1, `counts` that at 2.
  explicit Batch(const Arguments& args);
  ~Batch() {
    free(headers_);
    free(iov_);
  }
  Batch(const Batch&) = delete;

  // Null: there was no memory.
  kernel::MMsgHdr* headers() const { return headers_; }
  long count() const { return static_cast<long>(count_); }

 private:
  kernel::MMsgHdr* headers_ = nullptr;
  Bytes* iov_ = nullptr;
  size_t count_ = 0;
};

Batch::Batch(const Arguments& args) {
  Numbers counts = args.As<Numbers>(2);
  count_ = Least(counts.length, kernel::kUioMaxiov);
  size_t total = 0;
  for (size_t i = 0; i < count_; i++) total += static_cast<size_t>(counts.data[i]);
  iov_ = static_cast<Bytes*>(malloc((total + 1) * sizeof(Bytes)));
  if (iov_) headers_ = static_cast<kernel::MMsgHdr*>(calloc(count_ + 1, sizeof(kernel::MMsgHdr)));
  if (!headers_) return;
  uint32_t part = 0;
  auto next = [&] {
    napi_value element;
    napi_get_element(args.env(), args[1], part++, &element);
    return args.ViewOf(element);
  };
  Bytes* at = iov_;
  for (size_t i = 0; i < count_; i++) {
    // Without this scope, the handles of all messages would stay until the call returns.
    napi_handle_scope scope;
    napi_open_handle_scope(args.env(), &scope);
    Bytes address = next();
    Bytes control = next();
    size_t views = static_cast<size_t>(counts.data[i]);
    headers_[i].header = kernel::MsgHdr(at, views, control, address);
    for (size_t k = 0; k < views; k++) *at++ = next();
    napi_close_handle_scope(args.env(), scope);
  }
}

long Sendmmsg(Environment& e, const Arguments& args) {
  Batch batch(args);
  if (!batch.headers()) return -ENOMEM;
  return e.syscalls.Invoke(Call::kSendmmsg, args.Int(0), batch.headers(), batch.count(), args.Int(3));
}

long Recvmmsg(Environment& e, const Arguments& args) {
  Batch batch(args);
  if (!batch.headers()) return -ENOMEM;
  long received = e.syscalls.Invoke(Call::kRecvmmsg, args.Int(0), batch.headers(), batch.count(), args.Int(4), 0);
  Numbers results = args.As<Numbers>(3);
  int32_t* at = results.data;
  for (long i = 0; i < received && (i + 1) * kMmsgResults <= results.length; i++, at += kMmsgResults) {
    const kernel::MMsgHdr& message = batch.headers()[i];
    ForgetAllIn(e, message.header);
    at[kResultControlLength] = static_cast<int32_t>(message.header.control_length);
    at[kResultAddressLength] = message.header.name_length;
    at[kResultFlags] = static_cast<int32_t>(message.header.flags);
    at[kMmsgBytes] = static_cast<int32_t>(message.length);
  }
  return received;
}

constexpr Function kFunctions[] = {
    {"sendmmsg", Calls<Sendmmsg>},
    {"recvmmsg", Calls<Recvmmsg>},
};

}  // namespace

constexpr Functions kBatchCalls = kFunctions;
