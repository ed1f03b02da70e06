// Calls that a thread makes. One function starts such a call, and another one returns its result.

#include "arguments.h"
#include "functions.h"
#include "returned-descriptors.h"

namespace {

// A thread sends only datagrams. A datagram is shorter than SO_SNDBUF, which is an int.
constexpr size_t kMaxDatagram = 0x7fffffff;

struct Space {
  size_t data, control, address;
};

// Lets a thread make the call. `fill` copies what the call sends to the call's memory. Returns 0 or -ENOMEM.
template <typename Fill>
long Start(Environment& e, OffLoopCall* call, Space space, Fill fill) {
  if (!call->Reserve(space.data, space.control, space.address)) {
    delete call;
    return -ENOMEM;
  }
  fill();
  return e.pool->Start(call, e.custody.PeerOf(call->fd)) ? 0 : -ENOMEM;
}

constexpr auto kNothing = [] {};

long StartReceive(Environment& e, int fd, size_t size, size_t control_space, size_t address_space, int flags, int token) {
  OffLoopCall* call = new OffLoopCall(Call::kRecvmsg, fd, flags, token);
  return Start(e, call, {size, Receiver::SpaceFor(control_space), address_space}, kNothing);
}

long StartSend(Environment& e, const Arguments& args) {
  Bytes iov[kernel::kUioMaxiov];
  size_t count = args.Iov(1, iov);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    // On 32 bits the sum of views on the same memory could wrap around.
    if (iov[i].length > kMaxDatagram - total) return -EMSGSIZE;
    total += iov[i].length;
  }
  Bytes control = args.View(2);
  Bytes address = args.View(3);
  OffLoopCall* call = new OffLoopCall(Call::kSendmsg, args.Int(0), args.Int(4), args.Int(5));
  return Start(e, call, {total, control.length, address.length}, [&] {
    uint8_t* at = call->data.data;
    for (size_t i = 0; i < count; at += iov[i++].length) Copy(at, iov[i].data, iov[i].length);
    Copy(call->control.data, control.data, control.length);
    Copy(call->address.data, address.data, address.length);
  });
}

long StartConnect(Environment& e, int fd, Bytes address, int token) {
  OffLoopCall* call = new OffLoopCall(Call::kConnect, fd, 0, token);
  return Start(e, call, {0, 0, address.length}, [&] { Copy(call->address.data, address.data, address.length); });
}

long StartAccept(Environment& e, int fd, int flags, int token) {
  if (!IsReadable(fd)) return -EAGAIN;
  return Start(e, new OffLoopCall(Call::kAccept4, fd, flags, token), {}, kNothing);
}

long EndReceive(Environment& e, int token, Bytes memory, size_t size, int max_fds) {
  OffLoopCall* call = e.pool->End(token);
  if (!call) return -EINVAL;
  long bytes = call->result;
  if (bytes >= 0) {
    // With MSG_TRUNC the result can be longer than what was received.
    size_t length = Least(static_cast<size_t>(bytes), Least(call->data.length, size));
    if (length <= memory.length) Copy(memory.data, call->data.data, length);
    Copy(e.scratch, call->address.data, Least(call->address.length, kAddressSpace));
    e.result[kResultAddressLength] = call->address_length;
    ReceiveRequest request = {.fd = call->fd, .max_fds = max_fds, .control = e.control_buffer.bytes, .result = e.result};
    e.receiver.TakeDescriptors(request, {call->control.data, call->control_length}, call->message_flags);
  }
  delete call;
  return bytes;
}

// For a send, a connect or an accept.
long EndCall(Environment& e, int token) {
  OffLoopCall* call = e.pool->End(token);
  if (!call) return -EINVAL;
  long result = call->result;
  if (call->call == Call::kAccept4) TakeReturned(e, result);
  delete call;
  return result;
}

constexpr Function kFunctions[] = {
    {"startReceive", Calls<StartReceive>},
    {"startSend", Calls<StartSend>},
    {"startConnect", Calls<StartConnect>},
    {"startAccept", Calls<StartAccept>},
    {"endReceive", Calls<EndReceive>},
    {"endCall", Calls<EndCall>},
    {"takeFinished", Calls<[](Environment& e, Numbers to) { return e.pool->TakeFinished(to.data, to.length); }>},
    {"closing", Calls<[](Environment& e) { return e.pool->waiting(); }>},
};

}  // namespace

constexpr Functions kOffLoopCalls = kFunctions;
