// Watches descriptors: see readiness.h.

#include "arguments.h"
#include "functions.h"

namespace {

napi_value Watch(Environment& e, const Arguments& args) {
  e.open_file_budget.Open();
  int32_t* events;
  napi_value shared = SharedArray(args.env(), napi_int32_array, kEventsKeepAlive + 1, &events);
  int result = Readiness::Start(args.env(), args[0], events, args.As<bool>(1), e.pool, &e.readiness);
  return result < 0 ? ToJs(args.env(), result) : shared;
}

constexpr Function kFunctions[] = {
    {"watch", Calls<Watch>},
    {"watchAdd", Calls<[](Environment& e, int fd, int slot, int generation) {
       return e.readiness->Add(fd, slot, generation);
     }>},
    {"watchRemove", Calls<[](Environment& e, int fd) { return e.readiness->Remove(fd); }>},
    {"watchPoll", Calls<[](Environment& e, int fd, int slot, int generation, int events) {
       return e.readiness->Poll(fd, slot, generation, static_cast<uint32_t>(events));
     }>},
    {"watchUnpoll", Calls<[](Environment& e, int fd, int slot, int generation) {
       e.readiness->Unpoll(fd, slot, generation);
     }>},
    {"watchRef", Calls<[](Environment& e, bool keep_alive) { e.readiness->KeepAlive(keep_alive); }>},
};

}  // namespace

constexpr Functions kWatchCalls = kFunctions;
