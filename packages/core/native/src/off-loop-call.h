// One system call that a thread of ours makes, with copies of everything that it reads and writes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "syscalls.h"

struct OffLoopCall {
  OffLoopCall(Call call, int fd, int flags, int token) : call(call), fd(fd), flags(flags), token(token) {}
  ~OffLoopCall();
  OffLoopCall(const OffLoopCall&) = delete;

  // Memory for each part. False: there is none.
  bool Reserve(size_t data, size_t control, size_t address);
  void Make();
  // Closes the descriptors that nobody will take: the environment has ended.
  void CloseArrived();

  const Call call;
  const int fd;
  const int flags;
  const int token;

  uint8_t* data = nullptr;
  uint8_t* control = nullptr;
  uint8_t* address = nullptr;
  size_t data_size = 0, control_size = 0, address_size = 0;

  // An errno until it is made.
  long result = -125;  // ECANCELED
  // What recvmsg(2) wrote of control data and address, and its msg_flags.
  size_t control_length = 0;
  int address_length = 0;
  int message_flags = 0;

  // The rest is the workers'.
  OffLoopCall* next = nullptr;
  bool finished = false;
  // The descriptor was closed meanwhile: the thread closes it after the call.
  bool closes = false;
  int close_token = 0;
};
