#include "polls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libuv.h"
#include "syscalls.h"

// One descriptor's watch. libuv's handle follows in the same block: its size is the running process's, not that of the headers.
struct alignas(16) Polls::Poll {
  Polls* owner;
  int fd;
  int32_t slot;
  int32_t generation;
  uint32_t events;  // What libuv watches for: 0 while it doesn't.
  bool orphan;      // See OutlivesItsNumber().
  Poll** list;      // In which it is: started_, failed_ or none
  Poll* previous;
  Poll* next;

  uv_poll_t* handle() { return reinterpret_cast<uv_poll_t*>(this + 1); }
};

namespace {

int Register(int backend, int fd, uint32_t events) {
  // libuv finds its handle by this number.
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return syscall(SYS_epoll_ctl, backend, EPOLL_CTL_ADD, fd, &event) == -1 ? -errno : 0;
}

bool Unregister(int backend, int fd) {
  epoll_event unused = {};
  return syscall(SYS_epoll_ctl, backend, EPOLL_CTL_DEL, fd, &unused) == 0;
}

// Whether a file is registered under the number; true where that cannot be seen. Each has a line "tfd: <number> …" in
// /proc/pid/fdinfo: proc(5).
bool IsRegistered(int backend, int fd) {
  char path[64] = "/proc/self/fdinfo/";
  char digits[16];
  size_t count = 0;
  for (int rest = backend; count == 0 || rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  char* at = path + strlen(path);
  while (count > 0) *at++ = digits[--count];
  long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file == -1) return true;
  constexpr char kStart[] = "tfd:";
  size_t matched = 0;  // characters of kStart at the beginning of this line; kOther: it begins otherwise
  constexpr size_t kOther = sizeof kStart;
  int number = -1;
  bool found = false;
  char part[4096];
  long length;
  while (!found && (length = syscall(SYS_read, file, part, sizeof part)) > 0) {
    for (long i = 0; i < length && !found; i++) {
      char c = part[i];
      if (c == '\n') {
        matched = 0;
        number = -1;
      } else if (matched < sizeof kStart - 1) {
        matched = c == kStart[matched] ? matched + 1 : kOther;
      } else if (matched == sizeof kStart - 1) {
        if (c >= '0' && c <= '9') {
          number = (number < 0 ? 0 : number * 10) + (c - '0');
        } else if (number >= 0) {
          found = number == fd;
          matched = kOther;
        }
      }
    }
  }
  Close(static_cast<int>(file));
  return found;
}

}  // namespace

Polls::~Polls() {
  free(prepare_);
  free(polls_);
}

bool Polls::Reserve() {
  prepare_ = static_cast<uv_prepare_t*>(malloc(uv_handle_size(UV_PREPARE)));
  return prepare_ != nullptr;
}

void Polls::Open(uv_loop_t* loop) {
  loop_ = loop;
  backend_ = uv_backend_fd(loop);
  uv_prepare_init(loop, prepare_);
  uv_handle_set_data(AsHandle(prepare_), this);
  uv_unref(AsHandle(prepare_));
  handles_++;
}

Polls::Poll* Polls::Find(int fd, int32_t slot, int32_t generation) const {
  if (fd < 0 || static_cast<size_t>(fd) >= room_) return nullptr;
  Poll* poll = polls_[fd];
  return poll && poll->slot == slot && poll->generation == generation ? poll : nullptr;
}

bool Polls::MakeRoom(int fd) {
  size_t needed = static_cast<size_t>(fd) + 1;
  if (needed <= room_) return true;
  size_t room = room_ * 2 > needed ? room_ * 2 : needed;
  Poll** polls = static_cast<Poll**>(realloc(polls_, room * sizeof(Poll*)));
  if (!polls) return false;
  memset(polls + room_, 0, (room - room_) * sizeof(Poll*));
  polls_ = polls;
  room_ = room;
  return true;
}

Polls::Poll* Polls::Make(int fd, int32_t slot, int32_t generation, int* error) {
  // Somebody has closed an earlier socket's number, and the kernel has given it to this one. What libuv undoes for the earlier socket
  // later, it would undo for this one.
  if (static_cast<size_t>(fd) < room_ && polls_[fd]) Drop(polls_[fd]);
  *error = -ENOMEM;
  if (!MakeRoom(fd)) return nullptr;
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
  uv_handle_set_data(AsHandle(poll->handle()), poll);
  uv_unref(AsHandle(poll->handle()));
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
  // This takes the descriptor out. libuv registers it in the next turn.
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
  if (!ending_ && OutlivesItsNumber(poll)) return;
  Unqueue(poll);
  polls_[poll->fd] = nullptr;
  uv_close(AsHandle(poll->handle()), OnPollClosed);
}

// Somebody has closed the number behind our back while the file lives on elsewhere: the kernel goes on telling of it under this
// number, and nothing can end that. If libuv found nobody to tell, it would ask again for ever. So the watch stays, and what is told is
// passed over.
bool Polls::OutlivesItsNumber(Poll* poll) {
  if (poll->orphan) return true;
  if (poll->events == 0 || poll->list || Unregister(backend_, poll->fd)) return false;
  poll->orphan = IsRegistered(backend_, poll->fd);
  return poll->orphan;
}

void Polls::Queue(Poll* poll, Poll** list) {
  Unqueue(poll);
  poll->list = list;
  poll->previous = nullptr;
  poll->next = *list;
  if (*list) (*list)->previous = poll;
  *list = poll;
}

void Polls::Unqueue(Poll* poll) {
  if (!poll->list) return;
  if (poll->previous) poll->previous->next = poll->next;
  if (poll->next) poll->next->previous = poll->previous;
  if (*poll->list == poll) *poll->list = poll->next;
  poll->list = nullptr;
}

void Polls::End() {
  ending_ = true;
  for (size_t fd = 0; fd < room_; fd++) {
    if (polls_[fd]) Drop(polls_[fd]);
  }
  uv_close(AsHandle(prepare_), OnPrepareClosed);
}

void Polls::Released() {
  if (--handles_ == 0 && ending_) listener_->OnAllClosed();
}

void Polls::OnEvent(uv_poll_t* handle, int status, int events) {
  Poll* poll = static_cast<Poll*>(uv_handle_get_data(AsHandle(handle)));
  if (poll->orphan) return;
  uint32_t told = EPOLLERR;
  if (status < 0) {
    // For libuv an EPOLLERR is the end. The descriptor is still registered.
    poll->events = 0;
    Unregister(poll->owner->backend_, poll->fd);
  } else {
    told = 0;
    if (events & UV_READABLE) told |= EPOLLIN;
    if (events & UV_WRITABLE) told |= EPOLLOUT;
  }
  poll->owner->listener_->OnPoll(poll->slot, poll->generation, told);
}

// Right before libuv registers what was started in this turn: no other code runs in between. What we have registered, it only changes.
void Polls::OnPrepare(uv_prepare_t* handle) {
  Polls* self = static_cast<Polls*>(uv_handle_get_data(AsHandle(handle)));
  while (Poll* poll = self->started_) {
    Unqueue(poll);
    if (Register(self->backend_, poll->fd, poll->events) == 0) continue;
    poll->events = 0;
    uv_poll_stop(poll->handle());
    Queue(poll, &self->failed_);
  }
  uv_prepare_stop(handle);
  if (self->failed_) self->listener_->OnFailure();
}

void Polls::TellFailed() {
  while (Poll* poll = failed_) {
    Unqueue(poll);
    listener_->OnPoll(poll->slot, poll->generation, EPOLLERR);
  }
}

void Polls::OnPollClosed(uv_handle_t* handle) {
  Poll* poll = static_cast<Poll*>(uv_handle_get_data(handle));
  Polls* owner = poll->owner;
  free(poll);
  owner->Released();
}

void Polls::OnPrepareClosed(uv_handle_t* handle) { static_cast<Polls*>(uv_handle_get_data(handle))->Released(); }
