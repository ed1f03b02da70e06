// Registers with Node, and makes the object that binding.ts describes.

#include <napi.h>

#include "environment.h"
#include "functions.h"

namespace {

// Ends all environments that a JavaScript thread has opened. Node calls this when the thread ends.
void End(napi_env, void* data, void*) {
  Environment** first = static_cast<Environment**>(data);
  while (Environment* e = *first) {
    *first = e->next;
    e->custody.Surrender();
    e->pool->Abandon();
    delete e;
  }
  delete first;
}

// Makes an object with functions and with state of its own. A thread can run several copies of this library's JavaScript with this
// one file: two installed copies, two bundles, or a copy that a test tool has loaded again. If they shared the state, one copy
// would get the other's events.
napi_value Open(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  Environment** first = static_cast<Environment**>(data);
  Environment* e = new Environment();
  e->next = *first;
  *first = e;
  napi_value binding;
  napi_create_object(env, &binding);
  constexpr size_t kResults = kResultFds + 2 * kernel::kScmMaxFd;
  constexpr size_t kScratch = kAddressSpace + kScratchControl + kScratchData;
  napi_set_named_property(env, binding, "result", SharedArray(env, napi_int32_array, kResults, &e->result));
  napi_set_named_property(env, binding, "call", SharedArray(env, napi_int32_array, kCallNumbers, &e->call));
  napi_set_named_property(env, binding, "scratch", SharedArray(env, napi_uint8_array, kScratch, &e->scratch));
  for (const Functions& functions :
       {kSystemCalls, kMessageCalls, kBatchCalls, kHeldCalls, kSlotCalls, kOffLoopCalls, kCustodyCalls, kWatchCalls}) {
    for (size_t i = 0; i < functions.count; i++) {
      const Function& function = functions.first[i];
      napi_value value;
      napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, e, &value);
      napi_set_named_property(env, binding, function.name, value);
    }
  }
  return binding;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment** first = new Environment*(nullptr);
  napi_set_instance_data(env, first, End, nullptr);
  napi_value open;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, Open, first, &open);
  napi_set_named_property(env, exports, "open", open);
  return exports;
}

}  // namespace

NODE_API_MODULE(sendmsg, Init)
