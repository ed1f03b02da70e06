#include "receiver.h"

#include "contract.h"
#include "control-scan.h"

long Receiver::Receive(const ReceiveRequest& request) {
  if (request.flags & kernel::kMsgCmsgCloexec) {
    long may = MayReceive(request);
    if (may < 0) return may;
  }
  size_t space = SpaceFor(request.control.length);
  if (!control_.Reserve(space)) return -ENOMEM;
  kernel::MsgHdr header(request.iov, request.iov_count, {control_.data(), space}, {request.address, kAddressSpace});
  long bytes = syscalls_.Invoke(Call::kRecvmsg, request.fd, &header, request.flags | kernel::kMsgDontWait);
  if (bytes < 0) return bytes;
  request.result[kResultAddressLength] = header.name_length;
  TakeDescriptors(request, {control_.data(), header.control_length}, static_cast<int>(header.flags));
  return bytes;
}

// Whether the event loop's thread may receive. Near the limit of open files, or if too many descriptors wait to be closed, it may
// only receive a message without descriptors. Returns 0 if it may receive; otherwise kThrottled, kOffLoop or a negative errno.
long Receiver::MayReceive(const ReceiveRequest& request) {
  bool near_limit = !budget_.IsEnough();
  Account* account = custody_.AccountOf(request.fd);
  bool throttled = account && !pool_.IsWithinBounds(account, budget_.limit());
  if (!near_limit && !throttled) return 0;
  // A message without descriptors does no harm. And it may come from an honest process whose uid another process has, too.
  long foreseen = Foresee(request);
  return foreseen == kOffLoop && throttled ? kThrottled : foreseen;
}

// Peeks at the next message. Returns 0 if it brings no control data, and so no descriptor. On a stream, this shortens `iov` so that
// the receive stops at the end of that message. Returns kOffLoop if the message may bring descriptors.
long Receiver::Foresee(const ReceiveRequest& request) {
  if (!IsReadable(request.fd)) return -EAGAIN;
  constexpr int kPeek = kernel::kMsgPeek | kernel::kMsgDontWait;
  kernel::MsgHdr header(request.iov, request.iov_count);
  long result = syscalls_.Invoke(Call::kRecvmsg, request.fd, &header, kPeek);
  // This can be the socket's pending error. The kernel reports it only once, so it must reach the caller.
  if (result < 0) return result;
  if (header.flags & kernel::kMsgCTrunc) return kOffLoop;
  // On a stream, descriptors can arrive now, right behind the bytes that we have seen. So we must read these bytes and no more. On
  // other sockets, we read the whole message. It can be another message than the one that we have seen: another process may share
  // the socket, and may have taken that one.
  if (SocketOption(syscalls_, request.fd, kernel::kSoType) != kernel::kSockStream) return 0;
  Trim(request.iov, request.iov_count, static_cast<size_t>(result));
  return 0;
}

void Receiver::TakeDescriptors(const ReceiveRequest& request, Bytes arrived, int flags) {
  int unwanted[kernel::kScmMaxFd];
  int kept = 0;
  int dropped = 0;
  int pidfd = -1;
  size_t control_length = 0;
  for (ControlScan scan(arrived); scan.Next();) {
    Bytes message = scan.bytes();
    if (scan.IsRights()) {
      size_t count = scan.descriptors();
      Account* account = count > 0 ? custody_.AccountOf(request.fd) : nullptr;
      for (size_t i = 0; i < count; i++) {
        int fd = scan.descriptor(i);
        if (kept < request.max_fds && kept < static_cast<int>(kernel::kScmMaxFd)) {
          int32_t* pair = request.result + kResultFds + 2 * kept++;
          pair[0] = fd;
          pair[1] = custody_.Take(fd, Custody::kStranger, account);
        } else if (dropped < static_cast<int>(kernel::kScmMaxFd)) {
          custody_.ForgetNumber(fd);
          unwanted[dropped++] = fd;
        }
      }
    } else if (scan.IsPidfd() && scan.descriptors() > 0) {
      // Negative: the kernel could not make one because the sender is gone.
      if (scan.descriptor(0) >= 0) {
        pidfd = scan.descriptor(0);
        request.result[kResultPidfdGeneration] = custody_.Take(pidfd);
      }
    } else if (control_length + message.length > request.control.length) {
      flags |= kernel::kMsgCTrunc;
    } else {
      memcpy(request.control.data + control_length, message.data, message.length);
      control_length += message.length;
    }
  }
  request.result[kResultControlLength] = static_cast<int32_t>(control_length);
  request.result[kResultFlags] = flags;
  request.result[kResultKept] = kept;
  request.result[kResultDropped] = dropped;
  request.result[kResultPidfd] = pidfd;
  budget_.Took(kept + dropped + (pidfd >= 0));
  if (dropped > 0) pool_.Close(unwanted, dropped, {.account = custody_.AccountOf(request.fd)}, 0);
}

void Trim(Bytes* iov, size_t count, size_t length) {
  for (size_t i = 0; i < count; i++) {
    iov[i].length = Least(iov[i].length, length);
    length -= iov[i].length;
  }
}
