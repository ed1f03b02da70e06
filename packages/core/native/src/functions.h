// The functions that JavaScript can call, one table for each file. binding.ts says what each function does.
#pragma once

#include <node_api.h>
#include <stddef.h>

struct Function {
  const char* name;
  napi_callback call;
};

struct Functions {
  const Function* first;
  size_t count;

  template <size_t N>
  constexpr Functions(const Function (&all)[N]) : first(all), count(N) {}
};

extern const Functions kSystemCalls;   // system-calls.cc
extern const Functions kMessageCalls;  // message-calls.cc
extern const Functions kBatchCalls;    // batch-calls.cc
extern const Functions kHeldCalls;     // held-calls.cc
extern const Functions kSlotCalls;     // slot-calls.cc
extern const Functions kOffLoopCalls;   // off-loop-calls.cc
extern const Functions kCustodyCalls;  // custody-calls.cc
extern const Functions kWatchCalls;    // watch-calls.cc
