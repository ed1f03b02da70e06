// What JavaScript calls: arguments are unpacked (TypeScript has checked them), the call is made, a number goes back.

#include <errno.h>
#include <napi.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "control-scan.h"
#include "custody.h"
#include "overflow.h"
#include "readiness.h"
#include "tickets.h"

namespace {

// Positions in `result`; binding.ts has the same.
constexpr size_t kControlLength = 0;
constexpr size_t kAddressLength = 1;
constexpr size_t kFlags = 2;
constexpr size_t kKept = 3;
constexpr size_t kDropped = 4;
constexpr size_t kPidfd = 5;
constexpr size_t kPidfdGeneration = 6;
constexpr size_t kFds = 8;
constexpr size_t kResultLength = kFds + 2 * kernel::kScmMaxFd;

// Positions in `call`; binding.ts has the same.
constexpr size_t kCallFd = 0;
constexpr size_t kCallGeneration = 1;
constexpr size_t kCallFlags = 2;
constexpr size_t kCallSize = 3;
constexpr size_t kCallMaxFds = 4;
constexpr size_t kCallPurges = 5;
constexpr size_t kCallControl = 6;
constexpr size_t kCallAddress = 7;
constexpr size_t kCallWhole = 8;
constexpr size_t kCallLength = 9;

// The scratch memory; binding.ts has the same.
constexpr size_t kScratchControl = kernel::kSockaddrStorage;  // before it: an address
constexpr size_t kScratchData = kScratchControl + 1024;
constexpr size_t kScratchLength = kScratchData + 64;

// What a thread is to send is copied. A Unix datagram is shorter than SO_SNDBUF, which is an int.
constexpr size_t kMaxDatagram = 0x7fffffff;

struct Bytes {
  uint8_t* data;
  size_t length;
};

struct Environment {
  Environment() : custody(syscalls, *workers), receiver(syscalls, custody, *workers, room) {}

  int32_t* result = nullptr;
  napi_ref result_ref = nullptr;
  int32_t* batch = nullptr;
  napi_ref batch_ref = nullptr;
  // What send() and receive() are about: JavaScript writes these numbers faster than it hands them over.
  int32_t* call = nullptr;
  napi_ref call_ref = nullptr;
  // Handing a view over takes longer than copying what is small. So JavaScript and this file share some memory. It holds an address,
  // which the kernel reads or writes, and control data and data, which the kernel reads.
  Bytes scratch = {};
  napi_ref scratch_ref = nullptr;
  // Where receive() puts data, and control data.
  Bytes data_room = {};
  napi_ref data_room_ref = nullptr;
  Overflow overflow;
  Bytes control_room = {};
  napi_ref control_room_ref = nullptr;
  Syscalls syscalls;
  Workers* workers = Workers::Create();
  Room room;
  Custody custody;
  Receiver receiver;
  Readiness* readiness = nullptr;
  // What Open() has made before.
  Environment* next = nullptr;
};

// The arguments of one call, fetched afresh: no pointer into JavaScript's memory outlives it.
template <size_t N>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = N;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values_, nullptr, &data);
    environment_ = static_cast<Environment*>(data);
    count_ = count;
  }

  // How many were given
  size_t count() const { return count_; }

  Environment& environment() const { return *environment_; }
  napi_value operator[](size_t i) const { return values_[i]; }

  int32_t Int(size_t i) const {
    int32_t value = 0;
    napi_get_value_int32(env_, values_[i], &value);
    return value;
  }

  // Of memory: a buffer can have more bytes than an int can say.
  size_t Size(size_t i) const { return static_cast<size_t>(Int64(i)); }

  int64_t Int64(size_t i) const {
    int64_t value = 0;
    napi_get_value_int64(env_, values_[i], &value);
    return value;
  }

  bool Bool(size_t i) const {
    bool value = false;
    napi_get_value_bool(env_, values_[i], &value);
    return value;
  }

  // A Uint8Array's memory; null is {nullptr, 0}.
  Bytes View(size_t i) const { return ViewOf(env_, values_[i]); }

  // To send: a view, or how many bytes of it are in the scratch memory.
  Bytes Control(size_t i) const { return IsNumber(i) ? Scratch(kScratchControl, Size(i)) : View(i); }
  Bytes Address(size_t i) const { return IsNumber(i) ? Scratch(0, Size(i)) : View(i); }

  // The scratch memory from `at` on, as far as it goes
  Bytes Scratch(size_t at, size_t length) const {
    size_t left = kScratchLength - at;
    return {environment_->scratch.data + at, length < left ? length : left};
  }

  static Bytes ViewOf(napi_env env, napi_value value) {
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env, value, nullptr, &length, &data, nullptr, nullptr) != napi_ok) return {nullptr, 0};
    return {static_cast<uint8_t*>(data), length};
  }

  // One view or an array of them. Returns how many there are, at most kIovMax.
  size_t Iov(size_t i, kernel::IoVec* iov) const {
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env_, values_[i], nullptr, &length, &data, nullptr, nullptr) == napi_ok) {
      iov[0] = {data, length};
      return 1;
    }
    uint32_t count = 0;
    napi_get_array_length(env_, values_[i], &count);
    if (count > kernel::kIovMax) count = kernel::kIovMax;
    for (uint32_t k = 0; k < count; k++) {
      napi_value element;
      napi_get_element(env_, values_[i], k, &element);
      Bytes bytes = ViewOf(env_, element);
      iov[k] = {bytes.data, bytes.length};
    }
    return count;
  }

  int32_t* Numbers(size_t i, size_t* length) const {
    void* data = nullptr;
    napi_get_typedarray_info(env_, values_[i], nullptr, length, &data, nullptr, nullptr);
    return static_cast<int32_t*>(data);
  }

 private:
  // Deno takes anything for a number.
  bool IsNumber(size_t i) const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, values_[i], &type);
    return type == napi_number;
  }

  napi_env env_;
  Environment* environment_;
  size_t count_;
  napi_value values_[N];
};

// An empty view has no memory, and memmove() may not be given null (C17, 7.24.1), not even for 0 bytes.
void Copy(void* to, const void* from, size_t length) {
  if (length > 0) memmove(to, from, length);
}

napi_value Number(napi_env env, long value) {
  napi_value number;
  napi_create_int32(env, static_cast<int32_t>(value), &number);
  return number;
}

napi_value Boolean(napi_env env, bool value) {
  napi_value boolean;
  napi_get_boolean(env, value, &boolean);
  return boolean;
}

// Until the kernel no longer says EAGAIN, or the time is up (-ETIMEDOUT). `timeout` < 0: one plain call.
// A descriptor can be "ready" and still say EAGAIN (an addressed datagram to a full Unix socket): then the pauses grow.
template <typename Attempt>
long Within(int32_t timeout, int fd, short events, Attempt attempt) {
  if (timeout < 0) return attempt(0);
  int64_t deadline = Now() + timeout;
  int pause = 0;
  for (;;) {
    long result = attempt(kernel::kMsgDontWait);
    if (result != -EAGAIN) return result;
    if (pause > 0) {
      int64_t left = deadline - Now();
      if (left <= 0) return -ETIMEDOUT;
      Sleep(pause < left ? pause : static_cast<int>(left));
    }
    int64_t before = Now();
    int ready = WaitFor(fd, events, deadline);
    if (ready < 0) return ready;
    if (ready == 0) return -ETIMEDOUT;
    pause = Now() > before ? 0 : pause == 0 ? 1 : pause >= 25 ? 50 : pause * 2;
  }
}

// A descriptor that the kernel has handed out. With `own` it is ours: its generation. Otherwise it is the caller's, and whoever
// held the number here must not close it: somebody has done so behind their back.
int Enter(Environment& e, int fd, bool own) {
  if (own) return e.custody.Take(fd);
  e.custody.ForgetNumber(fd);
  return 0;
}

// The same of all descriptors in the control data that the caller gets.
void EnterAll(Environment& e, const kernel::MsgHdr& header) {
  for (ControlScan scan(static_cast<const uint8_t*>(header.control), header.control_length); scan.Next();) {
    for (size_t i = 0; i < scan.descriptors(); i++) e.custody.ForgetNumber(scan.descriptor(i));
  }
}

napi_value Socket(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Environment& e = args.environment();
  long fd = e.syscalls.Invoke(Call::kSocket, args.Int(0), args.Int(1), args.Int(2));
  if (fd >= 0) e.result[0] = Enter(e, static_cast<int>(fd), args.Bool(3));
  return Number(env, fd);
}

napi_value Socketpair(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Environment& e = args.environment();
  int fds[2];
  long result = e.syscalls.Invoke(Call::kSocketpair, args.Int(0), args.Int(1), args.Int(2), Word(fds));
  if (result >= 0) {
    for (size_t i = 0; i < 2; i++) {
      e.result[i] = fds[i];
      e.result[2 + i] = Enter(e, fds[i], args.Bool(3));
    }
  }
  return Number(env, result);
}

template <Call call>
napi_value WithAddress(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Bytes address = args.View(1);
  return Number(env, args.environment().syscalls.Invoke(call, args.Int(0), Word(address.data),
                                                        static_cast<long>(address.length)));
}

template <Call call>
napi_value WithNumber(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Number(env, args.environment().syscalls.Invoke(call, args.Int(0), args.Int(1)));
}

napi_value Accept4(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  Environment& e = args.environment();
  int fd = args.Int(0);
  int32_t timeout = args.Int(3);
  int64_t deadline = timeout < 0 ? 0 : Now() + timeout;
  for (;;) {
    if (timeout >= 0) {
      // accept4(2) knows no MSG_DONTWAIT: with a time limit it is called only once somebody is waiting.
      int ready = WaitFor(fd, POLLIN, deadline);
      if (ready <= 0) return Number(env, ready == 0 ? -ETIMEDOUT : ready);
    }
    Bytes address = args.View(1);
    int length = static_cast<int>(address.length);
    long accepted = e.syscalls.Invoke(Call::kAccept4, fd, Word(address.data), address.data ? Word(&length) : 0,
                                      args.Int(2));
    if (accepted == -EAGAIN && timeout >= 0) continue;
    if (accepted >= 0) {
      e.result[0] = length;
      e.result[1] = Enter(e, static_cast<int>(accepted), args.Bool(4));
    }
    return Number(env, accepted);
  }
}

template <Call call>
napi_value AddressOf(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Bytes address = args.View(1);
  int length = static_cast<int>(address.length);
  long result = args.environment().syscalls.Invoke(call, args.Int(0), Word(address.data), Word(&length));
  return Number(env, result < 0 ? result : length);
}

napi_value Getsockopt(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  Environment& e = args.environment();
  Bytes value = args.View(3);
  // This one's length counts instructions: taken for bytes, the kernel would write beyond the buffer.
  bool counts = args.Int(1) == kernel::kSolSocket && args.Int(2) == kernel::kSoGetFilter;
  int unit = counts ? kernel::kInstruction : 1;
  int length = static_cast<int>(value.length) / unit;
  long result =
      e.syscalls.Invoke(Call::kGetsockopt, args.Int(0), args.Int(1), args.Int(2), Word(value.data), Word(&length));
  if (result < 0) return Number(env, result);
  length *= unit;
  bool is_descriptor = args.Int(1) == kernel::kSolSocket && args.Int(2) == kernel::kSoPeerPidfd;
  if (is_descriptor && length == static_cast<int>(sizeof(int))) {
    int fd;
    memcpy(&fd, value.data, sizeof fd);
    e.result[0] = fd >= 0 ? Enter(e, fd, args.Bool(4)) : 0;
  }
  return Number(env, length);
}

napi_value Setsockopt(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Bytes value = args.View(3);
  return Number(env, args.environment().syscalls.Invoke(Call::kSetsockopt, args.Int(0), args.Int(1), args.Int(2),
                                                        Word(value.data), static_cast<long>(value.length)));
}

napi_value SetFilter(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Bytes program = args.View(3);
  kernel::Program whole = {static_cast<uint16_t>(program.length / kernel::kInstruction), program.data};
  return Number(env, args.environment().syscalls.Invoke(Call::kSetsockopt, args.Int(0), args.Int(1), args.Int(2),
                                                        Word(&whole), sizeof whole));
}

napi_value IoctlFd(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  return Number(env, Ioctl(args.Int(0), args.Int(1), args.View(2).data));
}

napi_value CloseNumber(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  args.environment().custody.ForgetNumber(args.Int(0));
  return Number(env, Close(args.Int(0)));
}

napi_value Dup(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Environment& e = args.environment();
  int fd = Duplicate(args.Int(0));
  if (fd >= 0 && args.Bool(1)) {
    e.result[0] = e.custody.Take(fd, e.custody.OpenerOf(args.Int(0)), e.custody.BringerOf(args.Int(0)));
  } else if (fd >= 0) {
    Enter(e, fd, false);
  }
  return Number(env, fd);
}

napi_value SetNonBlockingFd(napi_env env, napi_callback_info info) {
  return Number(env, SetNonBlocking(Arguments<1>(env, info).Int(0)));
}

napi_value PollFd(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Number(env, Poll(args.Int(0), static_cast<short>(args.Int(1))));
}

napi_value FlockFd(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Number(env, Flock(args.Int(0), args.Int(1)));
}

napi_value RenamePath(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Number(env, Rename(args.View(0).data, args.View(1).data));
}

napi_value OpenPathName(napi_env env, napi_callback_info info) {
  return Number(env, OpenPath(Arguments<1>(env, info).View(0).data));
}

// sendmsg() and recvmsg() with so many arguments have no time limit, and neither control data nor address of the caller's.
constexpr size_t kWithoutParts = 3;
constexpr size_t kWithoutAddress = 5;

// Sends a message: with sendto(2) if it is one piece without control data, because the kernel then copies no header and no iov;
// otherwise, and where a filter denies sendto(2), with sendmsg(2).
SENDMSG_INLINE long Send(Syscalls& syscalls, int fd, const kernel::MsgHdr& header, int flags) {
  // sendmsg(2) cuts an address that is too long, and sendto(2) refuses it.
  if (header.iov_count == 1 && !header.control && header.name_length <= static_cast<int>(kernel::kSockaddrStorage)) {
    const kernel::IoVec& bytes = *header.iov;
    long result = syscalls.Invoke(Call::kSendto, fd, Word(bytes.base), static_cast<long>(bytes.length), flags,
                                  header.name_length > 0 ? Word(header.name) : 0, header.name_length);
    if (result > kDenied) return result;
  }
  return syscalls.Invoke(Call::kSendmsg, fd, Word(&header), flags);
}

napi_value Sendmsg(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  Environment& e = args.environment();
  int fd = args.Int(0);
  kernel::IoVec iov[kernel::kIovMax];
  size_t count = args.Iov(1, iov);
  kernel::MsgHdr header = {nullptr, 0, iov, count, nullptr, 0, 0};
  if (args.count() <= kWithoutParts) return Number(env, Send(e.syscalls, fd, header, args.Int(2)));
  Bytes control = args.Control(4);
  Bytes address = args.Address(5);
  header = {address.data, static_cast<int>(address.length), iov, count, control.data, control.length, 0};
  return Number(env, Within(args.Int(3), fd, POLLOUT, [&](int extra) {
                  return Send(e.syscalls, fd, header, args.Int(2) | extra);
                }));
}

napi_value Recvmsg(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  Environment& e = args.environment();
  int fd = args.Int(0);
  kernel::IoVec iov[kernel::kIovMax];
  size_t count = args.Iov(1, iov);
  kernel::MsgHdr header = {e.scratch.data, kernel::kSockaddrStorage, iov, count, nullptr, 0, 0};
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
    e.result[kControlLength] = static_cast<int32_t>(header.control_length);
    e.result[kAddressLength] = header.name_length;
    e.result[kFlags] = static_cast<int32_t>(header.flags);
    EnterAll(e, header);
  }
  return Number(env, result);
}

// The flattened messages of a batch: `parts` and `counts` as binding.ts describes them.
class Batch {
 public:
  template <size_t N>
  Batch(napi_env env, const Arguments<N>& args) {
    size_t length = 0;
    int32_t* counts = args.Numbers(2, &length);
    count_ = length < kernel::kIovMax ? length : kernel::kIovMax;
    size_t total = 0;
    for (size_t i = 0; i < count_; i++) total += static_cast<size_t>(counts[i]);
    headers_ = static_cast<kernel::MMsgHdr*>(calloc(count_ + 1, sizeof(kernel::MMsgHdr)));
    iov_ = static_cast<kernel::IoVec*>(malloc((total + 1) * sizeof(kernel::IoVec)));
    if (!headers_ || !iov_) {
      count_ = 0;
      return;
    }
    uint32_t part = 0;
    kernel::IoVec* at = iov_;
    for (size_t i = 0; i < count_; i++) {
      napi_handle_scope scope;
      napi_open_handle_scope(env, &scope);
      auto next = [&]() {
        napi_value element;
        napi_get_element(env, args[1], part++, &element);
        return Arguments<N>::ViewOf(env, element);
      };
      Bytes address = next();
      Bytes control = next();
      size_t views = static_cast<size_t>(counts[i]);
      headers_[i].header = {address.data, static_cast<int>(address.length), at, views, control.data, control.length, 0};
      for (size_t k = 0; k < views; k++) {
        Bytes bytes = next();
        *at++ = {bytes.data, bytes.length};
      }
      napi_close_handle_scope(env, scope);
    }
  }
  ~Batch() {
    free(headers_);
    free(iov_);
  }
  Batch(const Batch&) = delete;

  bool failed() const { return !headers_ || !iov_; }
  kernel::MMsgHdr* headers() const { return headers_; }
  size_t count() const { return count_; }

 private:
  kernel::MMsgHdr* headers_ = nullptr;
  kernel::IoVec* iov_ = nullptr;
  size_t count_ = 0;
};

napi_value Sendmmsg(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  Environment& e = args.environment();
  Batch batch(env, args);
  if (batch.failed()) return Number(env, -ENOMEM);
  int fd = args.Int(0);
  return Number(env, Within(args.Int(4), fd, POLLOUT, [&](int extra) {
                  return e.syscalls.Invoke(Call::kSendmmsg, fd, Word(batch.headers()), static_cast<long>(batch.count()),
                                           args.Int(3) | extra);
                }));
}

napi_value Recvmmsg(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  Environment& e = args.environment();
  Batch batch(env, args);
  if (batch.failed()) return Number(env, -ENOMEM);
  int fd = args.Int(0);
  long received = Within(args.Int(5), fd, POLLIN, [&](int extra) {
    // The kernel's own timeout is looked at only when a message arrives (recvmmsg(2), BUGS): it is never used.
    return e.syscalls.Invoke(Call::kRecvmmsg, fd, Word(batch.headers()), static_cast<long>(batch.count()),
                             args.Int(4) | extra, 0);
  });
  size_t length = 0;
  int32_t* results = args.Numbers(3, &length);
  for (long i = 0; i < received && static_cast<size_t>(4 * i + 3) < length; i++) {
    const kernel::MMsgHdr& message = batch.headers()[i];
    EnterAll(e, message.header);
    results[4 * i] = static_cast<int32_t>(message.length);
    results[4 * i + 1] = static_cast<int32_t>(message.header.control_length);
    results[4 * i + 2] = message.header.name_length;
    results[4 * i + 3] = static_cast<int32_t>(message.header.flags);
  }
  return Number(env, received);
}

napi_value Told(napi_env env, Environment& e, const Received& received) {
  if (received.bytes >= 0) {
    e.result[kControlLength] = static_cast<int32_t>(received.control_length);
    e.result[kAddressLength] = received.address_length;
    e.result[kFlags] = received.flags;
    e.result[kKept] = received.kept;
    e.result[kDropped] = received.dropped;
    e.result[kPidfd] = received.pidfd;
    e.result[kPidfdGeneration] = received.pidfd_generation;
  }
  return Number(env, received.bytes);
}

// One of what send() sends: a view, or so many bytes of the scratch memory from `at` on.
template <size_t N>
Bytes Part(const Arguments<N>& args, size_t i, int32_t scratch_length, size_t at) {
  if (scratch_length < 0) return args.View(i);
  return args.Scratch(at, static_cast<size_t>(scratch_length));
}

napi_value SendHeld(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  Environment& e = args.environment();
  int fd = e.call[kCallFd];
  if (!e.custody.Holds(fd, e.call[kCallGeneration])) return Number(env, kGone);
  // Where the peer has gone, the kernel purges this socket's own queue: unix_dgram_disconnected(), net/unix/af_unix.c.
  if (e.call[kCallPurges] && IsReadable(fd)) return Number(env, kOffLoop);
  kernel::IoVec iov[kernel::kIovMax];
  size_t count = 1;
  if (e.call[kCallSize] < 0) {
    count = args.Iov(0, iov);
  } else {
    Bytes data = args.Scratch(kScratchData, static_cast<size_t>(e.call[kCallSize]));
    iov[0] = {data.data, data.length};
  }
  kernel::MsgHdr header = {nullptr, 0, iov, count, nullptr, 0, 0};
  if (e.call[kCallControl] != 0) {
    Bytes control = Part(args, 1, e.call[kCallControl], kScratchControl);
    header.control = control.data;
    header.control_length = control.length;
  }
  if (e.call[kCallAddress] != 0) {
    Bytes address = Part(args, 2, e.call[kCallAddress], 0);
    header.name = address.data;
    header.name_length = static_cast<int>(address.length);
  }
  return Number(env, Send(e.syscalls, fd, header, e.call[kCallFlags]));
}

// Keeps a view: its memory stays where it is.
void Keep(napi_env env, napi_value view, Bytes* bytes, napi_ref* ref) {
  if (*ref) napi_delete_reference(env, *ref);
  *bytes = Arguments<1>::ViewOf(env, view);
  napi_create_reference(env, view, 1, ref);
}

napi_value DataRoom(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Environment& e = args.environment();
  Keep(env, args[0], &e.data_room, &e.data_room_ref);
  return nullptr;
}

napi_value ControlRoom(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Environment& e = args.environment();
  Keep(env, args[0], &e.control_room, &e.control_room_ref);
  return nullptr;
}

napi_value Receive(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Environment& e = args.environment();
  int fd = e.call[kCallFd];
  if (!e.custody.Holds(fd, e.call[kCallGeneration])) return Number(env, kGone);
  kernel::IoVec iov[kernel::kIovMax];
  size_t count = 1;
  size_t size = static_cast<size_t>(e.call[kCallSize]);
  if (args.count() > 0) {
    count = args.Iov(0, iov);
    // Another thread may have made shared memory larger since it was measured.
    Trim(iov, count, size);
  } else {
    if (size > e.data_room.length) return Number(env, -EFAULT);
    iov[0] = {e.data_room.data, size};
    if (e.call[kCallWhole]) {
      uint8_t* rest = e.overflow.memory();
      if (!rest) return Number(env, -ENOMEM);
      iov[count++] = {rest, Overflow::kSize};
    }
  }
  return Told(env, e,
              e.receiver.Receive(fd, iov, count, e.control_room.data, e.control_room.length, e.scratch.data,
                                 kernel::kSockaddrStorage, e.call[kCallMaxFds], e.call[kCallFlags], e.result + kFds));
}

napi_value TakeWhole(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Environment& e = args.environment();
  Bytes to = args.View(0);
  size_t length = args.Size(1);
  size_t first = e.data_room.length;
  size_t rest = length > first ? length - first : 0;
  if (rest > Overflow::kSize) rest = Overflow::kSize;
  if (to.length == first + rest) {
    memcpy(to.data, e.data_room.data, first);
    memcpy(to.data + first, e.overflow.memory(), rest);
  }
  e.overflow.Empty(rest);
  return nullptr;
}

// Has a thread make the call. 0 or -ENOMEM.
template <size_t N>
long Start(const Arguments<N>& args, OffLoopCall* call) {
  Environment& e = args.environment();
  return e.workers->Start(call, e.custody.PeerOf(call->fd)) ? 0 : -ENOMEM;
}

napi_value StartReceive(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  OffLoopCall* call = new OffLoopCall(Call::kRecvmsg, args.Int(0), args.Int(4), args.Int(5));
  if (!call->Reserve(args.Size(1), Receiver::SpaceFor(args.Size(2)), args.Size(3))) {
    delete call;
    return Number(env, -ENOMEM);
  }
  return Number(env, Start(args, call));
}

napi_value EndReceive(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Environment& e = args.environment();
  OffLoopCall* call = e.workers->End(args.Int(0));
  if (!call) return Number(env, -EINVAL);
  Received received = {};
  received.bytes = call->result;
  received.pidfd = -1;
  if (received.bytes >= 0) {
    Bytes memory = args.View(1);
    size_t room = args.Size(2);
    size_t length = static_cast<size_t>(call->result) < call->data_size ? static_cast<size_t>(call->result) : call->data_size;
    if (length > room) length = room;
    if (length <= memory.length) Copy(memory.data, call->data, length);
    received.flags = call->message_flags;
    received.address_length = call->address_length;
    size_t named = call->address_size < kernel::kSockaddrStorage ? call->address_size : kernel::kSockaddrStorage;
    Copy(e.scratch.data, call->address, named);
    e.receiver.Sort(received, call->fd, call->control, call->control_length, e.control_room.data, e.control_room.length,
                    args.Int(3), e.result + kFds);
  }
  delete call;
  return Told(env, e, received);
}

napi_value StartSend(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  kernel::IoVec iov[kernel::kIovMax];
  size_t count = args.Iov(1, iov);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    // No datagram is as long, and on 32 bits the sum of views on the same memory could wrap around.
    if (iov[i].length > kMaxDatagram - total) return Number(env, -EMSGSIZE);
    total += iov[i].length;
  }
  Bytes control = args.View(2);
  Bytes address = args.View(3);
  OffLoopCall* call = new OffLoopCall(Call::kSendmsg, args.Int(0), args.Int(4), args.Int(5));
  if (!call->Reserve(total, control.length, address.length)) {
    delete call;
    return Number(env, -ENOMEM);
  }
  uint8_t* at = call->data;
  for (size_t i = 0; i < count; at += iov[i++].length) Copy(at, iov[i].base, iov[i].length);
  Copy(call->control, control.data, control.length);
  Copy(call->address, address.data, address.length);
  return Number(env, Start(args, call));
}

napi_value StartConnect(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  Bytes address = args.View(1);
  OffLoopCall* call = new OffLoopCall(Call::kConnect, args.Int(0), 0, args.Int(2));
  if (!call->Reserve(0, 0, address.length)) {
    delete call;
    return Number(env, -ENOMEM);
  }
  Copy(call->address, address.data, address.length);
  return Number(env, Start(args, call));
}

napi_value StartAccept(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  int fd = args.Int(0);
  if (!IsReadable(fd)) return Number(env, -EAGAIN);
  return Number(env, Start(args, new OffLoopCall(Call::kAccept4, fd, args.Int(1), args.Int(2))));
}

// What a send or connect has given, or an accept: the descriptor, with its generation as result[1].
napi_value EndCall(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Environment& e = args.environment();
  OffLoopCall* call = e.workers->End(args.Int(0));
  if (!call) return Number(env, -EINVAL);
  long result = call->result;
  if (call->call == Call::kAccept4 && result >= 0) e.result[1] = e.custody.Take(static_cast<int>(result));
  delete call;
  return Number(env, result);
}

napi_value BoundsOf(napi_env env, napi_callback_info info) {
  Environment& e = Arguments<1>(env, info).environment();
  e.room.IsEnough();
  Workers::Bounds bounds = Workers::BoundsOf(e.room.limit());
  e.result[0] = bounds.socket;
  e.result[1] = bounds.uid;
  e.result[2] = bounds.process;
  return Number(env, Room::kMargin);
}

napi_value OpenFilesLimit(napi_env env, napi_callback_info info) {
  Room& room = Arguments<1>(env, info).environment().room;
  room.IsEnough();
  return Number(env, room.limit());
}

napi_value Adopt(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Custody& custody = args.environment().custody;
  int fd = args.Int(0);
  // First: between the two questions, a thread may close what was to be closed.
  bool closing = args.environment().workers->IsClosing(fd);
  if (closing || !IsOpen(fd)) {
    if (!closing) custody.ForgetNumber(fd);
    return Number(env, -EBADF);
  }
  return Number(env, custody.IsHeld(fd) ? -EEXIST : custody.Take(fd));
}

napi_value Holds(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Boolean(env, args.environment().custody.Holds(args.Int(0), args.Int(1)));
}

napi_value Detach(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  return Boolean(env, args.environment().custody.Forget(args.Int(0), args.Int(1)));
}

napi_value Release(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  Environment& e = args.environment();
  return Boolean(env, e.custody.Release(args.Int(0), args.Int(1), args.Int(2)));
}

napi_value TakeFinished(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  size_t length = 0;
  int32_t* tokens = args.Numbers(0, &length);
  return Number(env, static_cast<long>(args.environment().workers->TakeFinished(tokens, length)));
}

napi_value PathOf(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  int call = args.Int(0);
  if (call < 0 || call >= static_cast<int>(Call::kCount)) return Number(env, -EINVAL);
  return Number(env, args.environment().syscalls.PathOf(static_cast<Call>(call)));
}

napi_value Held(napi_env env, napi_callback_info info) {
  return Number(env, Arguments<1>(env, info).environment().custody.held());
}

// V8 collects all garbage before this returns when it is told of more external memory than half of the heap may have.
napi_value Collect(napi_env env, napi_callback_info info) {
  int64_t bytes = Arguments<1>(env, info).Int64(0);
  int64_t total;
  napi_adjust_external_memory(env, bytes, &total);
  napi_adjust_external_memory(env, -bytes, &total);
  return nullptr;
}

napi_value Closing(napi_env env, napi_callback_info info) {
  return Number(env, static_cast<long>(Arguments<1>(env, info).environment().workers->waiting()));
}

napi_value Deposit(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Custody& custody = args.environment().custody;
  int64_t ticket = 0;
  if (custody.Holds(args.Int(0), args.Int(1))) {
    ticket = DepositTicket(args.Int(0), custody.OpenerOf(args.Int(0)), Workers::UidOf(custody.BringerOf(args.Int(0))));
    if (ticket) custody.Forget(args.Int(0), args.Int(1));
  }
  napi_value number;
  napi_create_int64(env, ticket, &number);
  return number;
}

napi_value Claim(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  Environment& e = args.environment();
  Custody::Opener opener = Custody::kUs;
  uint32_t uid = Workers::kNobody;
  int fd = ClaimTicket(args.Int64(0), &opener, &uid);
  if (fd >= 0) {
    Workers::Account* bringer = opener == Custody::kStranger ? e.workers->Open(uid) : nullptr;
    e.result[0] = e.custody.Take(fd, opener, bringer);
    e.workers->Unref(bringer);
  }
  return Number(env, fd);
}

// A typed array that the environment keeps alive and writes to.
napi_value Shared(napi_env env, napi_typedarray_type type, size_t length, size_t bytes, void** data, napi_ref* reference) {
  napi_value buffer;
  napi_value array;
  napi_create_arraybuffer(env, bytes, data, &buffer);
  napi_create_typedarray(env, type, length, buffer, 0, &array);
  napi_create_reference(env, array, 1, reference);
  return array;
}

napi_value SharedNumbers(napi_env env, size_t length, int32_t** data, napi_ref* reference) {
  void* memory;
  napi_value array = Shared(env, napi_int32_array, length, length * sizeof(int32_t), &memory, reference);
  *data = static_cast<int32_t*>(memory);
  return array;
}

napi_value Watch(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  Environment& e = args.environment();
  e.room.Open();
  napi_value batch = SharedNumbers(env, Readiness::kBatchLength, &e.batch, &e.batch_ref);
  int result = Readiness::Start(env, args[0], e.batch, args.Bool(1), e.workers, &e.readiness);
  return result < 0 ? Number(env, result) : batch;
}

napi_value WatchAdd(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  return Number(env, args.environment().readiness->Add(args.Int(0), args.Int(1), args.Int(2)));
}

napi_value WatchRemove(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  return Number(env, args.environment().readiness->Remove(args.Int(0)));
}

napi_value WatchPoll(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  Readiness* readiness = args.environment().readiness;
  return Number(env, readiness->Poll(args.Int(0), args.Int(1), args.Int(2), static_cast<uint32_t>(args.Int(3))));
}

napi_value WatchUnpoll(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  args.environment().readiness->Unpoll(args.Int(0), args.Int(1), args.Int(2));
  return nullptr;
}

napi_value WatchRef(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  args.environment().readiness->KeepAlive(args.Bool(0));
  return nullptr;
}

void End(napi_env, void* data, void*) {
  Environment** first = static_cast<Environment**>(data);
  while (Environment* e = *first) {
    *first = e->next;
    e->custody.Surrender();
    e->workers->Abandon();
    delete e;
  }
  delete first;
}

// Makes an object with the functions below and with state of its own. Several copies of the JavaScript can share this file: two that
// are installed, two bundles, or one that a test tool has loaded anew. With shared state, one would get the other's events.
napi_value Open(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  Environment** first = static_cast<Environment**>(data);
  Environment* e = new Environment();
  e->next = *first;
  *first = e;
  napi_value binding;
  napi_create_object(env, &binding);
  napi_set_named_property(env, binding, "result", SharedNumbers(env, kResultLength, &e->result, &e->result_ref));
  napi_set_named_property(env, binding, "call", SharedNumbers(env, kCallLength, &e->call, &e->call_ref));
  void* scratch;
  napi_set_named_property(env, binding, "scratch",
                          Shared(env, napi_uint8_array, kScratchLength, kScratchLength, &scratch, &e->scratch_ref));
  e->scratch = {static_cast<uint8_t*>(scratch), kScratchLength};
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {
      {"socket", Socket},
      {"socketpair", Socketpair},
      {"bind", WithAddress<Call::kBind>},
      {"connect", WithAddress<Call::kConnect>},
      {"listen", WithNumber<Call::kListen>},
      {"accept4", Accept4},
      {"getsockname", AddressOf<Call::kGetsockname>},
      {"getpeername", AddressOf<Call::kGetpeername>},
      {"getsockopt", Getsockopt},
      {"setsockopt", Setsockopt},
      {"setFilter", SetFilter},
      {"ioctl", IoctlFd},
      {"shutdown", WithNumber<Call::kShutdown>},
      {"close", CloseNumber},
      {"dup", Dup},
      {"setNonBlocking", SetNonBlockingFd},
      {"poll", PollFd},
      {"flock", FlockFd},
      {"rename", RenamePath},
      {"openPath", OpenPathName},
      {"sendmsg", Sendmsg},
      {"recvmsg", Recvmsg},
      {"sendmmsg", Sendmmsg},
      {"recvmmsg", Recvmmsg},
      {"send", SendHeld},
      {"dataRoom", DataRoom},
      {"controlRoom", ControlRoom},
      {"receive", Receive},
      {"takeWhole", TakeWhole},
      {"startReceive", StartReceive},
      {"endReceive", EndReceive},
      {"startSend", StartSend},
      {"startConnect", StartConnect},
      {"startAccept", StartAccept},
      {"endCall", EndCall},
      {"bounds", BoundsOf},
      {"openFilesLimit", OpenFilesLimit},
      {"adopt", Adopt},
      {"holds", Holds},
      {"detach", Detach},
      {"release", Release},
      {"takeFinished", TakeFinished},
      {"pathOf", PathOf},
      {"held", Held},
      {"closing", Closing},
      {"collect", Collect},
      {"deposit", Deposit},
      {"claim", Claim},
      {"watch", Watch},
      {"watchAdd", WatchAdd},
      {"watchRemove", WatchRemove},
      {"watchPoll", WatchPoll},
      {"watchUnpoll", WatchUnpoll},
      {"watchRef", WatchRef},
  };
  for (const auto& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, e, &value);
    napi_set_named_property(env, binding, function.name, value);
  }
  return binding;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment** first = new Environment*(nullptr);
  napi_set_instance_data(env, first, End, nullptr);
  napi_value open;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, Open, first, &open);
  napi_set_named_property(env, exports, "open", open);
  return exports;
}

}  // namespace

NODE_API_MODULE(sendmsg, Init)
