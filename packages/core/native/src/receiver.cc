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

// Near the limit of open files, or of descriptors that may wait to be closed, the loop's thread may only receive what brings no
// descriptor. 0: it may receive. kHeldBack, kOffLoop or a negative errno: it may not.
long Receiver::MayReceive(const ReceiveRequest& request) {
  bool near_limit = !budget_.IsEnough();
  Account* account = custody_.AccountOf(request.fd);
  bool held_back = account && !pool_.HasRoom(account, budget_.limit());
  if (!near_limit && !held_back) return 0;
  // A message without descriptors adds nothing to those that wait, and another process of the same uid may have sent those.
  long foreseen = Foresee(request);
  return foreseen == kOffLoop && held_back ? kHeldBack : foreseen;
}

// 0: the next message brings no control data, and so no descriptor. On a stream, `iov` then has no room for what follows that
// message. kOffLoop: it may bring some.
long Receiver::Foresee(const ReceiveRequest& request) {
  if (!IsReadable(request.fd)) return -EAGAIN;
  constexpr int kPeek = kernel::kMsgPeek | kernel::kMsgDontWait;
  kernel::MsgHdr header(request.iov, request.iov_count);
  long result = syscalls_.Invoke(Call::kRecvmsg, request.fd, &header, kPeek);
  // The kernel reports a pending error once, and it has done so here.
  if (result < 0) return result;
  if (header.flags & kernel::kMsgCTrunc) return kOffLoop;
  // On a stream, descriptors can arrive now, right behind the bytes that we have seen: we must read these bytes and no more. A
  // message of another socket is read whole. It need not be the one that we have seen: another process may share the socket and
  // have taken that.
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
    if (iov[i].length > length) iov[i].length = length;
    length -= iov[i].length;
  }
}
