// Calls that a thread makes: one function starts such a call, another fetches what it has brought.

#include "arguments.h"
#include "functions.h"

namespace {

// What a thread is to send is copied. A datagram is shorter than SO_SNDBUF, which is an int.
constexpr size_t kMaxDatagram = 0x7fffffff;

struct Space {
  size_t data, control, address;
};

// Has a thread make the call. `fill` copies what the call sends. 0, or -ENOMEM.
template <typename Fill>
long Start(const Arguments& args, OffLoopCall* call, Space space, Fill fill) {
  if (!call->Reserve(space.data, space.control, space.address)) {
    delete call;
    return -ENOMEM;
  }
  fill(call);
  Environment& e = args.environment();
  return e.workers->Start(call, e.custody.PeerOf(call->fd)) ? 0 : -ENOMEM;
}

constexpr auto kNothing = [](OffLoopCall*) {};

long StartReceive(const Arguments& args) {
  OffLoopCall* call = new OffLoopCall(Call::kRecvmsg, args.Int(0), args.Int(4), args.Int(5));
  return Start(args, call, {args.Size(1), Receiver::SpaceFor(args.Size(2)), args.Size(3)}, kNothing);
}

long StartSend(const Arguments& args) {
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
  return Start(args, call, {total, control.length, address.length}, [&](OffLoopCall* made) {
    uint8_t* at = made->data.data;
    for (size_t i = 0; i < count; at += iov[i++].length) Copy(at, iov[i].data, iov[i].length);
    Copy(made->control.data, control.data, control.length);
    Copy(made->address.data, address.data, address.length);
  });
}

long StartConnect(const Arguments& args) {
  Bytes address = args.View(1);
  OffLoopCall* call = new OffLoopCall(Call::kConnect, args.Int(0), 0, args.Int(2));
  return Start(args, call, {0, 0, address.length},
               [&](OffLoopCall* made) { Copy(made->address.data, address.data, address.length); });
}

long StartAccept(const Arguments& args) {
  int fd = args.Int(0);
  if (!IsReadable(fd)) return -EAGAIN;
  return Start(args, new OffLoopCall(Call::kAccept4, fd, args.Int(1), args.Int(2)), {}, kNothing);
}

long EndReceive(const Arguments& args) {
  Environment& e = args.environment();
  OffLoopCall* call = e.workers->End(args.Int(0));
  if (!call) return -EINVAL;
  long bytes = call->result;
  if (bytes >= 0) {
    Bytes memory = args.View(1);
    // With MSG_TRUNC the result can be longer than what was received.
    size_t length = static_cast<size_t>(bytes) < call->data.length ? static_cast<size_t>(bytes) : call->data.length;
    if (length > args.Size(2)) length = args.Size(2);
    if (length <= memory.length) Copy(memory.data, call->data.data, length);
    Copy(e.scratch, call->address.data, call->address.length < kAddressSpace ? call->address.length : kAddressSpace);
    e.result[kResultAddressLength] = call->address_length;
    ReceiveRequest request = {
        .fd = call->fd, .max_fds = args.Int(3), .control = e.control_room.bytes, .result = e.result};
    e.receiver.Sort(request, {call->control.data, call->control_length}, call->message_flags);
  }
  delete call;
  return bytes;
}

// Of a send, a connect or an accept.
long EndCall(const Arguments& args) {
  Environment& e = args.environment();
  OffLoopCall* call = e.workers->End(args.Int(0));
  if (!call) return -EINVAL;
  long result = call->result;
  if (call->call == Call::kAccept4 && result >= 0) e.result[1] = e.custody.Take(static_cast<int>(result));
  delete call;
  return result;
}

long TakeFinished(const Arguments& args) {
  size_t space = 0;
  int32_t* tokens = args.Numbers(0, &space);
  return static_cast<long>(args.environment().workers->TakeFinished(tokens, space));
}

constexpr Function kFunctions[] = {
    {"startReceive", Calls<StartReceive>},
    {"startSend", Calls<StartSend>},
    {"startConnect", Calls<StartConnect>},
    {"startAccept", Calls<StartAccept>},
    {"endReceive", Calls<EndReceive>},
    {"endCall", Calls<EndCall>},
    {"takeFinished", Calls<TakeFinished>},
    {"closing", Calls<[](const Arguments& args) { return args.environment().workers->waiting(); }>},
};

}  // namespace

constexpr Functions kThreadCalls = kFunctions;
