// Batches of messages of descriptors that custody holds, and datagrams that are cut from one piece of data. binding.ts describes the
// memory of a batch.

#include "arguments.h"
#include "functions.h"
#include "sending.h"

namespace {

// What the memory for headers begins with.
struct Laid {
  // The memory for which the headers were made. Zero: they were not made yet.
  uint8_t* memory;
  size_t size;
  size_t space;
  // So many headers at the beginning no longer offer all of their slot: the last calls have changed them.
  size_t used;
};

// The slots of a batch, made of the arguments 0 and 1.
class Slots {
 public:
  explicit Slots(const Arguments& args) {
    Bytes memory = args.View(0);
    Numbers table = args.As<Numbers>(1);
    const int32_t* call = args.environment().call;
    size_t count = table.length / (kSlotNumbers + kSlotHeader);
    size_t size = static_cast<size_t>(call[kCallSize]);
    size_t space = static_cast<size_t>(call[kCallControl]);
    size_t stride = count > 0 ? memory.length / count : 0;
    // If a program has transferred the memory, its length is 0.
    if (stride < space + kAddressSpace + size) return;
    numbers_ = table.data;
    laid_ = reinterpret_cast<Laid*>(numbers_ + count * kSlotNumbers);
    headers_ = reinterpret_cast<kernel::MMsgHdr*>(laid_ + 1);
    iov_ = reinterpret_cast<Bytes*>(headers_ + count);
    count_ = count;
    if (laid_->memory == memory.data && laid_->size == size && laid_->space == space) return;
    for (size_t i = 0; i < count; i++) {
      uint8_t* slot = memory.data + i * stride;
      iov_[i].data = slot + space + kAddressSpace;
      headers_[i].header = kernel::MsgHdr(iov_ + i, 1, {slot, space}, {slot + space, kAddressSpace});
    }
    *laid_ = {memory.data, size, space, count};
  }

  // False: the memory is gone.
  explicit operator bool() const { return headers_ != nullptr; }
  size_t count() const { return count_; }
  kernel::MMsgHdr* header(size_t i) { return headers_ + i; }
  int32_t* numbers(size_t i) { return numbers_ + i * kSlotNumbers; }

  // Offers all of each slot.
  void OfferAll() {
    for (size_t i = 0; i < laid_->used; i++) {
      iov_[i].length = laid_->size;
      headers_[i].header.name_length = static_cast<int>(kAddressSpace);
      headers_[i].header.control_length = laid_->space;
      headers_[i].header.flags = 0;
    }
    laid_->used = 0;
  }

  // Makes the header of a message to send, from the numbers of its slot.
  void Describe(size_t i) {
    const int32_t* given = numbers(i);
    iov_[i].length = Least(static_cast<size_t>(given[kSlotBytes]), laid_->size);
    headers_[i].header.name_length = Least(given[kResultAddressLength], static_cast<int32_t>(kAddressSpace));
    headers_[i].header.control_length = Least(static_cast<size_t>(given[kResultControlLength]), laid_->space);
    Use(i + 1);
  }

  // The first `count` headers were changed.
  void Use(size_t count) {
    if (laid_->used < count) laid_->used = count;
  }

 private:
  Laid* laid_ = nullptr;
  kernel::MMsgHdr* headers_ = nullptr;
  Bytes* iov_ = nullptr;
  int32_t* numbers_ = nullptr;
  size_t count_ = 0;
};

// The table has a header for one more slot than it has slots: see SLOT_HEADER. With one slot, that is the room for Laid.
static_assert(sizeof(Laid) + sizeof(kernel::MMsgHdr) + sizeof(Bytes) <= 2 * kSlotHeader * sizeof(int32_t));
static_assert(sizeof(kernel::MMsgHdr) + sizeof(Bytes) <= kSlotHeader * sizeof(int32_t));

long SendSlots(Environment& e, const Arguments& args) {
  const int32_t* call = e.call;
  int fd = call[kCallFd];
  if (!e.custody.Holds(fd, call[kCallGeneration])) return kGone;
  // See SendHeld().
  if (call[kCallPurges] && IsReadable(fd)) return kOffLoop;
  Slots slots(args);
  if (!slots) return -EFAULT;
  size_t first = static_cast<size_t>(call[kCallFirst]);
  size_t end = Least(static_cast<size_t>(call[kCallEnd]), slots.count());
  if (first >= end) return 0;
  for (size_t i = first; i < end; i++) slots.Describe(i);
  if (end - first > 1) {
    return e.syscalls.Invoke(Call::kSendmmsg, fd, slots.header(first), end - first, call[kCallFlags]);
  }
  long result = Send(e.syscalls, fd, slots.header(first)->header, call[kCallFlags]);
  return result < 0 ? result : 1;
}

// Sockets other than Unix sockets bring no descriptors, so one system call receives all messages.
long ReceiveTogether(Environment& e, Slots& slots, size_t count) {
  long received =
      e.syscalls.Invoke(Call::kRecvmmsg, e.call[kCallFd], slots.header(0), count, e.call[kCallFlags] | kernel::kMsgDontWait, 0);
  if (received < 0) return received;
  slots.Use(static_cast<size_t>(received));
  for (long i = 0; i < received; i++) {
    const kernel::MMsgHdr& message = *slots.header(i);
    int32_t* numbers = slots.numbers(i);
    numbers[kResultControlLength] = static_cast<int32_t>(message.header.control_length);
    numbers[kResultAddressLength] = message.header.name_length;
    numbers[kResultFlags] = static_cast<int32_t>(message.header.flags);
    numbers[kResultKept] = 0;
    numbers[kResultDropped] = 0;
    numbers[kResultPidfd] = -1;
    numbers[kSlotBytes] = static_cast<int32_t>(message.length);
  }
  return received;
}

// Unix sockets: one call for each message, because each can bring as many descriptors as the process may open at the moment, or more.
// `pairs` gets the descriptors that are kept, with their generations.
long ReceiveEach(Environment& e, Slots& slots, size_t count, Numbers pairs) {
  const int32_t* call = e.call;
  int32_t* result = e.result;
  size_t kept = 0;
  size_t received = 0;
  result[kResultStopped] = -EAGAIN;
  while (received < count && kept + static_cast<size_t>(call[kCallMaxFds]) <= pairs.length / 2) {
    kernel::MsgHdr& header = slots.header(received)->header;
    long bytes = e.receiver.Receive({
        .fd = call[kCallFd],
        .flags = call[kCallFlags],
        .max_fds = call[kCallMaxFds],
        .iov = header.iov,
        .iov_count = 1,
        .address = header.name,
        .control = {header.control, header.control_length},
        .result = result,
    });
    if (bytes < 0) {
      // The kernel reports a pending error only once.
      result[kResultStopped] = static_cast<int32_t>(bytes);
      if (received == 0) return bytes;
      break;
    }
    int32_t* numbers = slots.numbers(received++);
    memcpy(numbers, result, kSlotBytes * sizeof *numbers);
    numbers[kSlotBytes] = static_cast<int32_t>(bytes);
    size_t brought = static_cast<size_t>(result[kResultKept]);
    memcpy(pairs.data + 2 * kept, result + kResultFds, 2 * brought * sizeof *result);
    kept += brought;
    // This can be the end of a connection, which the kernel would report again and again.
    if (bytes == 0) break;
  }
  return static_cast<long>(received);
}

long ReceiveSlots(Environment& e, const Arguments& args) {
  const int32_t* call = e.call;
  if (!e.custody.Holds(call[kCallFd], call[kCallGeneration])) return kGone;
  Slots slots(args);
  if (!slots) return -EFAULT;
  slots.OfferAll();
  size_t count = Least(static_cast<size_t>(call[kCallEnd]), slots.count());
  if (call[kCallFlags] & kernel::kMsgCmsgCloexec) return ReceiveEach(e, slots, count, args.As<Numbers>(2));
  return ReceiveTogether(e, slots, count);
}

// One sendmmsg(2) sends so many datagrams at most. Their headers are on the stack.
constexpr size_t kTogether = 64;

long SendSegments(Environment& e, const Arguments& args) {
  const int32_t* call = e.call;
  int fd = call[kCallFd];
  if (!e.custody.Holds(fd, call[kCallGeneration])) return kGone;
  Bytes data = args.View(0);
  Bytes control = args.Control(1, call[kCallControl]);
  Bytes address = args.Address(2, call[kCallAddress]);
  size_t size = static_cast<size_t>(call[kCallSize]);
  kernel::MMsgHdr headers[kTogether];
  Bytes iov[kTogether];
  size_t count = 0;
  for (size_t at = 0; at < data.length && count < kTogether; at += size) {
    iov[count] = {data.data + at, Least(size, data.length - at)};
    headers[count].header = kernel::MsgHdr(iov + count, 1, control, address);
    count++;
  }
  long sent = e.syscalls.Invoke(Call::kSendmmsg, fd, headers, count, call[kCallFlags]);
  return sent < 0 ? sent : static_cast<long>(Least(static_cast<size_t>(sent) * size, data.length));
}

constexpr Function kFunctions[] = {
    {"sendSlots", Calls<SendSlots>},
    {"receiveSlots", Calls<ReceiveSlots>},
    {"sendSegments", Calls<SendSegments>},
};

}  // namespace

constexpr Functions kSlotCalls = kFunctions;
