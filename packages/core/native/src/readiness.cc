#include "readiness.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libuv.h"
#include "syscalls.h"
#include "workers.h"

namespace {

constexpr int kCloexecNonblock = 02000000 | 04000;  // EFD_CLOEXEC | EFD_NONBLOCK
// The slot of the workers' eventfd; sockets have slots from 0.
constexpr int32_t kFinishedSlot = -1;

int EventFd(int flags) {
  long fd = syscall(SYS_eventfd2, 0, flags);
  return fd == -1 ? -errno : static_cast<int>(fd);
}

int Control(int epoll, int operation, int fd, uint32_t events, int32_t slot, int32_t generation) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(static_cast<uint32_t>(generation)) << 32 | static_cast<uint32_t>(slot);
  return syscall(SYS_epoll_ctl, epoll, operation, fd, &event) == -1 ? -errno : 0;
}

void Signal(int event_fd) {
  uint64_t one = 1;
  syscall(SYS_write, event_fd, &one, sizeof one);
}

void Drain(int event_fd) {
  uint64_t count;
  syscall(SYS_read, event_fd, &count, sizeof count);
}

}  // namespace

int Readiness::Start(napi_env env, napi_value callback, int32_t* batch, bool thread, Workers* workers, Readiness** out) {
  Readiness* self = new Readiness(env, batch);
  napi_value name;
  napi_value resource;
  napi_create_string_utf8(env, "sendmsg", NAPI_AUTO_LENGTH, &name);
  napi_create_object(env, &resource);
  napi_create_reference(env, callback, 1, &self->callback_);
  napi_async_init(env, resource, name, &self->context_);
  int result = self->Open();
  if (result == 0) result = thread ? self->StartThread(name) : self->StartPoll();
  if (result < 0) {
    delete self;
    return result;
  }
  if (thread) {
    napi_add_env_cleanup_hook(env, OnThreadEnd, self);
  } else {
    napi_add_async_cleanup_hook(env, OnPollEnd, self, &self->hook_);
  }
  self->workers_ = workers;
  workers->Notify(self->finished_);
  *out = self;
  return 0;
}

Readiness::~Readiness() {
  if (epoll_ >= 0) Close(epoll_);
  if (finished_ >= 0) Close(finished_);
  if (resume_ >= 0) Close(resume_);
  free(poll_);
  free(check_);
}

int Readiness::Open() {
  long epoll = syscall(SYS_epoll_create1, 02000000 /* EPOLL_CLOEXEC */);
  if (epoll == -1) return -errno;
  epoll_ = static_cast<int>(epoll);
  finished_ = EventFd(kCloexecNonblock);
  if (finished_ < 0) return finished_;
  return Control(epoll_, EPOLL_CTL_ADD, finished_, EPOLLIN | EPOLLET, kFinishedSlot, 0);
}

int Readiness::StartPoll() {
  if (!uv_poll_init) return -ENOSYS;
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  // libuv tells the sizes: they are the running process's, not those of the headers.
  poll_ = static_cast<uv_poll_t*>(malloc(uv_handle_size(UV_POLL)));
  check_ = static_cast<uv_check_t*>(malloc(uv_handle_size(UV_CHECK)));
  if (!poll_ || !check_ || !polls_.Reserve()) return -ENOMEM;
  int result = uv_poll_init(loop, poll_, epoll_);
  if (result < 0) return result;
  uv_handle_set_data(AsHandle(poll_), this);
  uv_poll_start(poll_, UV_READABLE, OnReadable);
  uv_unref(AsHandle(poll_));
  uv_check_init(loop, check_);
  uv_handle_set_data(AsHandle(check_), this);
  uv_check_start(check_, OnCheck);
  uv_unref(AsHandle(check_));
  polls_.Open(loop);
  return 0;
}

int Readiness::StartThread(napi_value name) {
  resume_ = EventFd(kCloexecNonblock);
  if (resume_ < 0) return resume_;
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, OnKnock, &knock_) !=
      napi_ok) {
    return -ENOMEM;
  }
  napi_unref_threadsafe_function(env_, knock_);
  int result = pthread_create(&thread_, nullptr, Wait, this);
  if (result != 0) {
    napi_release_threadsafe_function(knock_, napi_tsfn_abort);
    return -result;
  }
  threaded_ = true;
  return 0;
}

int Readiness::Add(int fd, int slot, int generation) {
  return Control(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLERR | EPOLLET, slot, generation);
}

int Readiness::Poll(int fd, int slot, int generation, uint32_t events) {
  if (threaded_) return -ENOSYS;
  if (events) return polls_.Start(fd, slot, generation, events);
  polls_.Stop(fd, slot, generation);
  return 0;
}

void Readiness::Unpoll(int fd, int slot, int generation) { polls_.Close(fd, slot, generation); }

int Readiness::Remove(int fd) { return Control(epoll_, EPOLL_CTL_DEL, fd, 0, 0, 0); }

void Readiness::KeepAlive(bool on) {
  // Deliver() says it each time.
  if (on == kept_) return;
  kept_ = on;
  if (threaded_) {
    if (on) {
      napi_ref_threadsafe_function(env_, knock_);
    } else {
      napi_unref_threadsafe_function(env_, knock_);
    }
  } else if (on) {
    uv_ref(AsHandle(poll_));
  } else {
    uv_unref(AsHandle(poll_));
  }
}

// What does not fit keeps the epoll instance readable: the loop calls again, other work gets its turn between.
void Readiness::Collect() {
  epoll_event events[kBatch];
  long count = syscall(SYS_epoll_pwait, epoll_, events, kBatch - count_, 0, nullptr, 8);
  for (long i = 0; i < count; i++) {
    int32_t slot = static_cast<int32_t>(events[i].data.u64 & 0xffffffff);
    if (slot == kFinishedSlot) Drain(finished_);
    Append(slot, static_cast<int32_t>(events[i].data.u64 >> 32), events[i].events);
  }
}

void Readiness::Append(int32_t slot, int32_t generation, uint32_t events) {
  int32_t* at = batch_ + kNumbers * count_++;
  at[0] = slot;
  at[1] = generation;
  at[2] = static_cast<int32_t>(events);
}

void Readiness::Deliver() {
  if (count_ == 0) return;
  size_t count = count_;
  count_ = 0;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value callback;
  napi_get_reference_value(env_, callback_, &callback);
  batch_[kTelling] = static_cast<int32_t>(count);
  // In a thread-safe function's turn there is a callback scope already; from libuv's there is none.
  // The callback takes no notice of its receiver: this one costs nothing.
  napi_status status = threaded_ ? napi_call_function(env_, callback, callback, 0, nullptr, nullptr)
                                 : napi_make_callback(env_, context_, callback, callback, 0, nullptr, nullptr);
  if (status == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env_, &error);
    napi_fatal_exception(env_, error);
  }
  batch_[kTelling] = 0;
  KeepAlive(batch_[kKeepAlive] != 0);
  napi_close_handle_scope(env_, scope);
}

void Readiness::OnReadable(uv_poll_t* handle, int, int) {
  Readiness* self = static_cast<Readiness*>(uv_handle_get_data(AsHandle(handle)));
  self->polls_.TellFailed();
  self->MakeRoom();
  self->Collect();
}

// Makes the epoll instance readable.
void Readiness::OnFailure() { Signal(finished_); }

void Readiness::OnPoll(int32_t slot, int32_t generation, uint32_t events) {
  MakeRoom();
  Append(slot, generation, events);
}

// What a turn of the loop has brought goes to JavaScript in one call, once libuv has asked for everything.
void Readiness::MakeRoom() {
  if (count_ == kBatch) Deliver();
}

void Readiness::OnCheck(uv_check_t* handle) {
  static_cast<Readiness*>(uv_handle_get_data(AsHandle(handle)))->Deliver();
}

void* Readiness::Wait(void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  uint64_t mask = ~(uint64_t{7} << 31);
  syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &mask, nullptr, sizeof mask);
  pollfd watched[2] = {{self->resume_, POLLIN, 0}, {self->epoll_, POLLIN, 0}};
  bool knocked = false;
  for (;;) {
    // Between a knock and its answer only the answer is of interest: the epoll instance stays readable till then.
    long ready = syscall(SYS_ppoll, watched, knocked ? 1 : 2, nullptr, nullptr, 0);
    if (ready == -1) continue;
    if (watched[0].revents) {
      Drain(self->resume_);
      if (__atomic_load_n(&self->stop_, __ATOMIC_ACQUIRE)) return nullptr;
      knocked = false;
    } else if (!knocked && watched[1].revents) {
      knocked = true;
      if (napi_call_threadsafe_function(self->knock_, nullptr, napi_tsfn_nonblocking) != napi_ok) return nullptr;
    }
  }
}

void Readiness::OnKnock(napi_env env, napi_value, void* context, void*) {
  Readiness* self = static_cast<Readiness*>(context);
  if (!env) return;
  self->Collect();
  self->Deliver();
  Signal(self->resume_);
}

void Readiness::OnClosed(uv_handle_t* handle) { static_cast<Readiness*>(uv_handle_get_data(handle))->Released(); }

void Readiness::OnAllClosed() { Released(); }

void Readiness::Released() {
  if (--closing_ > 0) return;
  napi_async_cleanup_hook_handle hook = hook_;
  delete this;
  napi_remove_async_cleanup_hook(hook);
}

void Readiness::OnPollEnd(napi_async_cleanup_hook_handle, void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  self->workers_->Notify(-1);
  napi_delete_reference(self->env_, self->callback_);
  napi_async_destroy(self->env_, self->context_);
  self->closing_ = 3;
  uv_poll_stop(self->poll_);
  uv_close(AsHandle(self->poll_), OnClosed);
  uv_close(AsHandle(self->check_), OnClosed);
  self->polls_.End();
}

// The references are left to the environment, which ends now: Deno runs clean-up hooks without a handle scope.
void Readiness::OnThreadEnd(void* argument) {
  Readiness* self = static_cast<Readiness*>(argument);
  self->workers_->Notify(-1);
  __atomic_store_n(&self->stop_, true, __ATOMIC_RELEASE);
  Signal(self->resume_);
  pthread_join(self->thread_, nullptr);
  napi_release_threadsafe_function(self->knock_, napi_tsfn_abort);
  delete self;
}
