#include "polls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "event-batch.h"
#include "event-fd.h"
#include "libuv.h"
#include "syscalls.h"

// The watch of one descriptor. libuv's handle follows in the same block of memory: only the running libuv knows its size.
struct alignas(16) Polls::Poll {
  Polls* owner;
  int fd;
  int32_t slot;
  int32_t generation;
  uint32_t events;  // The events that libuv watches for. 0: libuv does not watch.
  bool orphan;      // See OutlivesItsNumber().
  Poll* next;       // The next one in started_ or failed_.
  Poll** place;     // The pointer to this one in started_ or failed_. Null: it is in neither.

  uv_poll_t* handle() { return reinterpret_cast<uv_poll_t*>(this + 1); }
};

namespace {

long Control(int backend, int operation, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  // libuv finds its handle by this number.
  event.data.fd = fd;
  return RawCall(SYS_epoll_ctl, backend, operation, fd, &event);
}

// Writes a number (>= 0) and returns the end.
char* Write(char* at, int number) {
  if (number >= 10) at = Write(at, number / 10);
  *at = static_cast<char>('0' + number % 10);
  return at + 1;
}

// Whether a file is registered with the epoll instance under the number `fd`. Without /proc, the answer is yes. The instance's file
// in /proc/self/fdinfo has a line for each registered file. The line begins with "tfd:", spaces, the number and a space: proc(5).
bool IsRegistered(int backend, int fd) {
  char path[32] = "/proc/self/fdinfo/";
  *Write(path + strlen(path), backend) = 0;
  long file = RawCall(SYS_openat, kernel::kAtFdCwd, path, kernel::kCloexec, 0);
  if (file < 0) return true;
  char wanted[16] = "tfd:";
  const size_t name = strlen(wanted);
  char* end = Write(wanted + name, fd);
  *end++ = ' ';
  const size_t length = static_cast<size_t>(end - wanted);
  size_t matched = 0;
  char part[4096];
  long count;
  while (matched < length && (count = RawCall(SYS_read, file, part, sizeof part)) > 0) {
    for (long i = 0; i < count && matched < length; i++) {
      if (matched == name && part[i] == ' ') continue;
      // In `wanted`, only the first character is a "t". So if a match fails, the next one can only begin at this character.
      matched = part[i] == wanted[matched] ? matched + 1 : part[i] == wanted[0];
    }
  }
  Close(static_cast<int>(file));
  return matched == length;
}

}  // namespace

Polls::~Polls() { free(prepare_); }

bool Polls::Reserve() {
  prepare_ = static_cast<uv_prepare_t*>(malloc(uv_handle_size(UV_PREPARE)));
  return prepare_ != nullptr;
}

void Polls::Open(uv_loop_t* loop, int failure) {
  failure_ = failure;
  loop_ = loop;
  backend_ = uv_backend_fd(loop);
  uv_prepare_init(loop, prepare_);
  SetUp(prepare_, this);
  handles_++;
}

Polls::Poll* Polls::Find(int fd, int32_t slot, int32_t generation) const {
  if (fd < 0 || static_cast<size_t>(fd) >= polls_.capacity()) return nullptr;
  Poll* poll = polls_[fd];
  return poll && poll->slot == slot && poll->generation == generation ? poll : nullptr;
}

Polls::Poll* Polls::Make(int fd, int32_t slot, int32_t generation, int* error) {
  // If there is a watch under this number already, other code has closed the earlier socket behind our back, and the kernel has
  // given the number to this one. libuv knows only the number. So if it ended the earlier watch later, it would end this one, too.
  if (static_cast<size_t>(fd) < polls_.capacity() && polls_[fd]) Drop(polls_[fd]);
  *error = -ENOMEM;
  if (!polls_.Reserve(static_cast<size_t>(fd) + 1)) return nullptr;
  *error = -EEXIST;
  if (polls_[fd]) return nullptr;
  Poll* poll = static_cast<Poll*>(calloc(1, sizeof(Poll) + uv_handle_size(UV_POLL)));
  if (!poll) return nullptr;
  *error = uv_poll_init(loop_, poll->handle(), fd);
  if (*error < 0) {
    free(poll);
    return nullptr;
  }
  handles_++;
  poll->owner = this;
  poll->fd = fd;
  poll->slot = slot;
  poll->generation = generation;
  SetUp(poll->handle(), poll);
  polls_[fd] = poll;
  return poll;
}

int Polls::Start(int fd, int32_t slot, int32_t generation, uint32_t events) {
  int error = 0;
  Poll* poll = Find(fd, slot, generation);
  if (!poll) poll = Make(fd, slot, generation, &error);
  if (!poll) return error;
  if (OutlivesItsNumber(poll)) return -EBADF;
  int wanted = (events & EPOLLIN ? UV_READABLE : 0) | (events & EPOLLOUT ? UV_WRITABLE : 0);
  // This unregisters the descriptor from the kernel. libuv registers it again before it waits for events.
  error = uv_poll_start(poll->handle(), wanted, OnEvent);
  if (error < 0) {
    Drop(poll);
    return error;
  }
  poll->events = events;
  if (!started_) uv_prepare_start(prepare_, OnPrepare);
  Queue(poll, &started_);
  return 0;
}

void Polls::Stop(int fd, int32_t slot, int32_t generation) {
  Poll* poll = Find(fd, slot, generation);
  if (!poll || OutlivesItsNumber(poll)) return;
  Unqueue(poll);
  poll->events = 0;
  uv_poll_stop(poll->handle());
}

void Polls::Close(int fd, int32_t slot, int32_t generation) {
  if (Poll* poll = Find(fd, slot, generation)) Drop(poll);
}

void Polls::Drop(Poll* poll) {
  if (!done_ && OutlivesItsNumber(poll)) return;
  Unqueue(poll);
  polls_[poll->fd] = nullptr;
  uv_close(AsHandle(poll->handle()), OnPollClosed);
}

// Whether other code has closed the number behind our back while the file is still open under another number or in another process.
// The kernel then reports the file's events under the old number for as long as the file is open, and nobody can unregister it. If
// libuv had no handle for these events, it would ask the kernel again and again without a pause. So we keep the handle, and ignore
// its events.
bool Polls::OutlivesItsNumber(Poll* poll) {
  if (poll->orphan) return true;
  if (poll->events == 0 || poll->place || Control(backend_, EPOLL_CTL_DEL, poll->fd, 0) == 0) return false;
  poll->orphan = IsRegistered(backend_, poll->fd);
  return poll->orphan;
}

void Polls::Queue(Poll* poll, Poll** list) {
  Unqueue(poll);
  poll->next = *list;
  poll->place = list;
  if (*list) (*list)->place = &poll->next;
  *list = poll;
}

void Polls::Unqueue(Poll* poll) {
  if (!poll->place) return;
  *poll->place = poll->next;
  if (poll->next) poll->next->place = poll->place;
  poll->place = nullptr;
}

void Polls::End(void (*done)(void*), void* data) {
  done_ = done;
  data_ = data;
  for (size_t fd = 0; fd < polls_.capacity(); fd++) {
    if (polls_[fd]) Drop(polls_[fd]);
  }
  uv_close(AsHandle(prepare_), OnPrepareClosed);
}

void Polls::Released() {
  if (--handles_ == 0 && done_) done_(data_);
}

void Polls::OnEvent(uv_poll_t* handle, int status, int events) {
  Poll* poll = DataOf<Poll>(handle);
  if (poll->orphan) return;
  uint32_t told = EPOLLERR;
  if (status < 0) {
    // At an EPOLLERR, libuv ends the watch, but does not unregister the descriptor.
    poll->events = 0;
    Control(poll->owner->backend_, EPOLL_CTL_DEL, poll->fd, 0);
  } else {
    told = 0;
    if (events & UV_READABLE) told |= EPOLLIN;
    if (events & UV_WRITABLE) told |= EPOLLOUT;
  }
  poll->owner->events_.Append(poll->slot, poll->generation, told);
}

// libuv calls this right before it registers the watches that were started in this turn. No other code runs in between.
void Polls::OnPrepare(uv_prepare_t* handle) {
  Polls* self = DataOf<Polls>(handle);
  while (Poll* poll = self->started_) {
    Unqueue(poll);
    if (Control(self->backend_, EPOLL_CTL_ADD, poll->fd, poll->events) == 0) continue;
    poll->events = 0;
    uv_poll_stop(poll->handle());
    Queue(poll, &self->failed_);
  }
  uv_prepare_stop(handle);
  if (self->failed_) Signal(self->failure_);
}

void Polls::TellFailed() {
  while (Poll* poll = failed_) {
    Unqueue(poll);
    events_.Append(poll->slot, poll->generation, EPOLLERR);
  }
}

void Polls::OnPollClosed(uv_handle_t* handle) {
  Poll* poll = DataOf<Poll>(handle);
  Polls* owner = poll->owner;
  free(poll);
  owner->Released();
}

void Polls::OnPrepareClosed(uv_handle_t* handle) { DataOf<Polls>(handle)->Released(); }
