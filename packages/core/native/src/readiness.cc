#include "readiness.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "event-fd.h"
#include "libuv.h"
#include "syscalls.h"
#include "thread-pool.h"

namespace {

int Control(int epoll, int operation, int fd, uint32_t events, int32_t slot, int32_t generation) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(static_cast<uint32_t>(generation)) << 32 | static_cast<uint32_t>(slot);
  return static_cast<int>(RawCall(SYS_epoll_ctl, epoll, operation, fd, &event));
}

}  // namespace

int Readiness::Start(napi_env env, napi_value callback, int32_t* events, bool thread, ThreadPool* pool, Readiness** out) {
  Readiness* self = new Readiness(env, callback, events, pool);
  int result = self->Open();
  if (result == 0) result = thread ? self->StartThread() : self->StartPoll();
  if (result < 0) {
    delete self;
    return result;
  }
  pool->Notify(self->finished_);
  *out = self;
  return 0;
}

Readiness::~Readiness() {
  const int fds[] = {epoll_, finished_, resume_};
  for (int fd : fds) {
    if (fd >= 0) Close(fd);
  }
  free(poll_);
  free(check_);
}

int Readiness::Open() {
  epoll_ = static_cast<int>(RawCall(SYS_epoll_create1, kernel::kCloexec));
  if (epoll_ < 0) return epoll_;
  finished_ = OpenEventFd();
  if (finished_ < 0) return finished_;
  return Control(epoll_, EPOLL_CTL_ADD, finished_, EPOLLIN | EPOLLET, kFinishedSlot, 0);
}

int Readiness::StartPoll() {
  if (!uv_poll_init) return -ENOSYS;
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  // The running libuv knows the sizes of its handles. They can differ from those in the headers.
  poll_ = static_cast<uv_poll_t*>(malloc(uv_handle_size(UV_POLL)));
  check_ = static_cast<uv_check_t*>(malloc(uv_handle_size(UV_CHECK)));
  if (!poll_ || !check_ || !polls_.Reserve()) return -ENOMEM;
  int result = uv_poll_init(loop, poll_, epoll_);
  if (result < 0) return result;
  SetUp(poll_, this);
  uv_poll_start(poll_, UV_READABLE, OnReadable);
  uv_check_init(loop, check_);
  SetUp(check_, this);
  uv_check_start(check_, OnCheck);
  polls_.Open(loop, finished_);
  events_.ComesFromLibuv();
  napi_add_async_cleanup_hook(env_, OnPollEnd, this, &hook_);
  return 0;
}

int Readiness::StartThread() {
  resume_ = OpenEventFd();
  if (resume_ < 0) return resume_;
  napi_value name;
  napi_create_string_utf8(env_, "sendmsg", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, OnWake, &wake_) !=
      napi_ok) {
    return -ENOMEM;
  }
  napi_unref_threadsafe_function(env_, wake_);
  int result = pthread_create(&thread_, nullptr, Wait, this);
  if (result != 0) {
    napi_release_threadsafe_function(wake_, napi_tsfn_abort);
    return -result;
  }
  threaded_ = true;
  napi_add_env_cleanup_hook(env_, OnThreadEnd, this);
  return 0;
}

int Readiness::Add(int fd, int slot, int generation) {
  return Control(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLERR | EPOLLET, slot, generation);
}

int Readiness::Remove(int fd) { return Control(epoll_, EPOLL_CTL_DEL, fd, 0, 0, 0); }

int Readiness::Poll(int fd, int slot, int generation, uint32_t events) {
  if (threaded_) return -ENOSYS;
  if (events) return polls_.Start(fd, slot, generation, events);
  polls_.Stop(fd, slot, generation);
  return 0;
}

void Readiness::KeepAlive(bool on) {
  if (on == keeps_alive_) return;
  keeps_alive_ = on;
  if (threaded_) {
    (on ? napi_ref_threadsafe_function : napi_unref_threadsafe_function)(env_, wake_);
  } else if (on) {
    uv_ref(AsHandle(poll_));
  } else {
    uv_unref(AsHandle(poll_));
  }
}

// Takes up to kMaxEvents events from the kernel. If there are more, the epoll instance stays readable. Then the event loop calls
// this again in its next turn, after other work.
void Readiness::Collect() {
  epoll_event events[kMaxEvents];
  long count = RawCall(SYS_epoll_pwait, epoll_, events, kMaxEvents, 0, 0, 8);
  for (long i = 0; i < count; i++) {
    int32_t slot = static_cast<int32_t>(events[i].data.u64 & 0xffffffff);
    if (slot == kFinishedSlot) Drain(finished_);
    events_.Append(slot, static_cast<int32_t>(events[i].data.u64 >> 32), events[i].events);
  }
}

void Readiness::Deliver() {
  events_.Deliver();
  KeepAlive(events_.keeps_alive());
}

void Readiness::OnReadable(uv_poll_t* handle, int, int) {
  Readiness* self = DataOf<Readiness>(handle);
  self->polls_.TellFailed();
  self->Collect();
}

// libuv calls this when it has reported all events of this turn.
void Readiness::OnCheck(uv_check_t* handle) { DataOf<Readiness>(handle)->Deliver(); }

void* Readiness::Wait(void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  BlockSignals();
  pollfd watched[2] = {{self->resume_, POLLIN, 0}, {self->epoll_, POLLIN, 0}};
  bool woken = false;
  for (;;) {
    // The epoll instance stays readable until the event loop has collected the events. So once we have woken the loop, we wait only
    // for `resume_`.
    if (RawCall(SYS_ppoll, watched, woken ? 1 : 2, 0, 0, 0) < 0) continue;
    if (watched[0].revents) {
      Drain(self->resume_);
      if (__atomic_load_n(&self->stop_, __ATOMIC_ACQUIRE)) return nullptr;
      woken = false;
    } else if (!woken && watched[1].revents) {
      woken = true;
      if (napi_call_threadsafe_function(self->wake_, nullptr, napi_tsfn_nonblocking) != napi_ok) return nullptr;
    }
  }
}

void Readiness::OnWake(napi_env env, napi_value, void* context, void*) {
  Readiness* self = static_cast<Readiness*>(context);
  if (!env) return;
  self->Collect();
  self->Deliver();
  Signal(self->resume_);
}

void Readiness::OnClosed(uv_handle_t* handle) { Released(uv_handle_get_data(handle)); }

void Readiness::Released(void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  if (--self->closing_ > 0) return;
  napi_async_cleanup_hook_handle hook = self->hook_;
  delete self;
  napi_remove_async_cleanup_hook(hook);
}

void Readiness::OnPollEnd(napi_async_cleanup_hook_handle, void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  self->pool_->Notify(-1);
  self->events_.Close();
  self->closing_ = 3;
  uv_poll_stop(self->poll_);
  uv_close(AsHandle(self->poll_), OnClosed);
  uv_close(AsHandle(self->check_), OnClosed);
  self->polls_.End(Released, self);
}

void Readiness::OnThreadEnd(void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  self->pool_->Notify(-1);
  __atomic_store_n(&self->stop_, true, __ATOMIC_RELEASE);
  Signal(self->resume_);
  pthread_join(self->thread_, nullptr);
  napi_release_threadsafe_function(self->wake_, napi_tsfn_abort);
  delete self;
}
