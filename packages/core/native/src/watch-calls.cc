// Watching descriptors.

#include "arguments.h"
#include "functions.h"

namespace {

using Args = const Arguments&;

napi_value Watch(Args args) {
  Environment& e = args.environment();
  e.room.Open();
  int32_t* events;
  napi_value shared = SharedArray(args.env(), napi_int32_array, kEventsKeepAlive + 1, &events);
  int result = Readiness::Start(args.env(), args[0], events, args.Bool(1), e.workers, &e.readiness);
  return result < 0 ? ToJs(args.env(), result) : shared;
}

Readiness& Of(Args args) { return *args.environment().readiness; }

napi_value WatchUnpoll(Args args) {
  Of(args).Unpoll(args.Int(0), args.Int(1), args.Int(2));
  return nullptr;
}

napi_value WatchRef(Args args) {
  Of(args).KeepAlive(args.Bool(0));
  return nullptr;
}

constexpr Function kFunctions[] = {
    {"watch", Calls<Watch>},
    {"watchAdd", Calls<[](Args args) { return Of(args).Add(args.Int(0), args.Int(1), args.Int(2)); }>},
    {"watchRemove", Calls<[](Args args) { return Of(args).Remove(args.Int(0)); }>},
    {"watchPoll", Calls<[](Args args) {
       return Of(args).Poll(args.Int(0), args.Int(1), args.Int(2), static_cast<uint32_t>(args.Int(3)));
     }>},
    {"watchUnpoll", Calls<WatchUnpoll>},
    {"watchRef", Calls<WatchRef>},
};

}  // namespace

constexpr Functions kWatchCalls = kFunctions;
