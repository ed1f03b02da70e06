// sendmmsg(2) and recvmmsg(2).

#include <stdlib.h>

#include "arguments.h"
#include "returned-descriptors.h"
#include "functions.h"

namespace {

// The messages of a call, as binding.ts describes them.
class Batch {
 public:
  explicit Batch(const Arguments& args);
  ~Batch() {
    free(headers_);
    free(iov_);
  }
  Batch(const Batch&) = delete;

  // Null: there was no memory.
  kernel::MMsgHdr* headers() const { return headers_; }
  long count() const { return static_cast<long>(count_); }
  Numbers numbers() const { return numbers_; }

 private:
  kernel::MMsgHdr* headers_ = nullptr;
  Bytes* iov_ = nullptr;
  size_t count_;
  Numbers numbers_;
};

// The views of all messages, one after the other: arguments of the call, or the elements of an array.
class Parts {
 public:
  explicit Parts(const Arguments& args) : args_(args) {
    napi_get_cb_info(args.env(), args.info(), &count_, values_, nullptr, nullptr);
    napi_is_array(args.env(), values_[kFirstPart], &is_array_);
  }

  Bytes Next() {
    if (!is_array_) return next_ < count_ ? args_.ViewOf(values_[next_++]) : Bytes{};
    // Without this scope, the handles of all views would stay until the call returns.
    napi_handle_scope scope;
    napi_open_handle_scope(args_.env(), &scope);
    napi_value element;
    napi_get_element(args_.env(), values_[kFirstPart], static_cast<uint32_t>(next_++ - kFirstPart), &element);
    Bytes view = args_.ViewOf(element);
    napi_close_handle_scope(args_.env(), scope);
    return view;
  }

 private:
  static constexpr size_t kFirstPart = 5;

  const Arguments& args_;
  bool is_array_ = false;
  size_t next_ = kFirstPart;
  size_t count_ = kFirstPart + kMmsgParts;
  napi_value values_[kFirstPart + kMmsgParts];
};

Batch::Batch(const Arguments& args)
    : count_(Least(static_cast<size_t>(args.Int(2)), kernel::kUioMaxiov)), numbers_(args.As<Numbers>(3)) {
  auto shape = [&](size_t i) { return static_cast<unsigned>(numbers_.data[i * kMmsgNumbers]); };
  size_t total = 0;
  for (size_t i = 0; i < count_; i++) total += shape(i) & kMmsgViews;
  iov_ = static_cast<Bytes*>(malloc((total + 1) * sizeof(Bytes)));
  if (iov_) headers_ = static_cast<kernel::MMsgHdr*>(malloc((count_ + 1) * sizeof(kernel::MMsgHdr)));
  if (!headers_) return;
  Bytes addresses = args.View(4);
  Parts parts(args);
  Bytes* at = iov_;
  for (size_t i = 0; i < count_; i++) {
    Bytes address = {};
    Bytes control = {};
    if (shape(i) & kMmsgAddress) {
      address = parts.Next();
    } else if (addresses.length >= (i + 1) * kAddressSpace) {
      address = {addresses.data + i * kAddressSpace, kAddressSpace};
    }
    if (shape(i) & kMmsgControl) control = parts.Next();
    size_t views = shape(i) & kMmsgViews;
    headers_[i] = {kernel::MsgHdr(at, views, control, address), 0};
    for (size_t k = 0; k < views; k++) *at++ = parts.Next();
  }
}

long Sendmmsg(Environment& e, const Arguments& args) {
  Batch batch(args);
  if (!batch.headers()) return -ENOMEM;
  return e.syscalls.Invoke(Call::kSendmmsg, args.Int(0), batch.headers(), batch.count(), args.Int(1));
}

long Recvmmsg(Environment& e, const Arguments& args) {
  Batch batch(args);
  if (!batch.headers()) return -ENOMEM;
  long received = e.syscalls.Invoke(Call::kRecvmmsg, args.Int(0), batch.headers(), batch.count(), args.Int(1), 0);
  int32_t* at = batch.numbers().data;
  for (long i = 0; i < received; i++, at += kMmsgNumbers) {
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
