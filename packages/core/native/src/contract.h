// The numbers on which TypeScript and C++ must agree. src/native/binding.ts has each number under the same name (kCallFd is CALL_FD
// there) and says what it is for. test/native/contract.test.ts compares the two files.
#pragma once

#include <stddef.h>

constexpr long kDenied = -65536;
constexpr long kThrottled = -5000;
constexpr long kOffLoop = -5001;
constexpr long kGone = -5002;

// Positions in `result`
constexpr size_t kResultControlLength = 0;
constexpr size_t kResultAddressLength = 1;
constexpr size_t kResultFlags = 2;
constexpr size_t kResultKept = 3;
constexpr size_t kResultDropped = 4;
constexpr size_t kResultPidfd = 5;
constexpr size_t kResultPidfdGeneration = 6;
constexpr size_t kResultGeneration = 7;
constexpr size_t kResultStopped = 8;
constexpr size_t kResultFds = 9;
constexpr size_t kResultNanoseconds = 0;

// Positions in `call`
constexpr size_t kCallFd = 0;
constexpr size_t kCallGeneration = 1;
constexpr size_t kCallFlags = 2;
constexpr size_t kCallSize = 3;
constexpr size_t kCallMaxFds = 4;
constexpr size_t kCallPurges = 5;
constexpr size_t kCallControl = 6;
constexpr size_t kCallAddress = 7;
constexpr size_t kCallWhole = 8;
constexpr size_t kCallFirst = 9;
constexpr size_t kCallEnd = 10;
constexpr size_t kCallNumbers = 11;
constexpr int kInArgument = -1;

constexpr size_t kMmsgBytes = 3;
constexpr size_t kMmsgNumbers = 4;
constexpr unsigned kMmsgViews = 65535;
constexpr unsigned kMmsgAddress = 1 << 16;
constexpr unsigned kMmsgControl = 2 << 16;
constexpr size_t kMmsgParts = 256;

// Positions in the numbers of a slot. The first ones are those of `result`.
constexpr size_t kSlotBytes = 7;
constexpr size_t kSlotNumbers = 8;
constexpr size_t kSlotHeader = 32;

// Parts of the scratch memory, in this order
constexpr size_t kAddressSpace = 128;
constexpr size_t kScratchControl = 1024;
constexpr size_t kScratchData = 64;

constexpr size_t kLongestUnixMessage = 16 << 20;

constexpr int kPathSocketcall = 1;

constexpr size_t kMaxEvents = 256;
constexpr size_t kEventNumbers = 3;
constexpr size_t kEventSlot = 0;
constexpr size_t kEventGeneration = 1;
constexpr size_t kEventBits = 2;
constexpr size_t kEventCount = 768;
constexpr size_t kEventsKeepAlive = 769;
constexpr int kFinishedSlot = -1;
