// One system call that a thread of ours makes, with copies of everything that it reads and writes.
#pragma once

#include "bytes.h"
#include "syscalls.h"

struct OffLoopCall {
  OffLoopCall(Call call, int fd, int flags, int token) : call(call), fd(fd), flags(flags), token(token) {}
  ~OffLoopCall();
  OffLoopCall(const OffLoopCall&) = delete;

  // Allocates memory for each part. False: there is no memory.
  bool Reserve(size_t data_space, size_t control_space, size_t address_space);
  void Make();
  // Closes the descriptors that the call has brought: the environment has ended, so nobody will take them.
  void CloseArrived();

  const Call call;
  const int fd;
  const int flags;
  const int token;

  Bytes data = {};
  Bytes control = {};
  Bytes address = {};

  // -ECANCELED until the call has been made.
  long result = -ECANCELED;
  // The lengths of the control data and of the address that recvmsg(2) wrote, and its msg_flags.
  size_t control_length = 0;
  int address_length = 0;
  int message_flags = 0;

  // Only the thread pool uses the rest.
  OffLoopCall* next = nullptr;
  bool finished = false;
  // `fd` was to be closed while the call was queued or under way: the thread closes it after the call.
  bool closes = false;
  int close_token = 0;
};
