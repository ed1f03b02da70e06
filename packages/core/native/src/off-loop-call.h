// One system call that a thread of ours makes, with memory of its own for everything that the call reads and writes.
#pragma once

#include "bytes.h"
#include "syscalls.h"

struct OffLoopCall {
  OffLoopCall(Call call, int fd, int flags, int token) : call(call), fd(fd), flags(flags), token(token) {}
  ~OffLoopCall();
  OffLoopCall(const OffLoopCall&) = delete;

  // Allocates memory for each part. False: there is none.
  bool Reserve(size_t data_space, size_t control_space, size_t address_space);
  // Makes the system call.
  void Make();
  // Closes the descriptors that the call has brought. Call this if the environment has ended: nobody will take them then.
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
  // The program has closed `fd` while the call was queued or under way. So the thread calls close(2) after the call.
  bool closes = false;
  int close_token = 0;
};
